import { isSecretKey, type NodeConfigReading } from '../../domain/k3s-config-reading.ts'
import { annotatedSettings, hasSameTexts } from '../../k3s/config/annotated-settings.ts'
import { readArguments } from '../../k3s/config/arguments.ts'
import { type EffectiveSettings, effectiveSettings, type Setting } from '../../k3s/config/effective-settings.ts'
import { environmentFlags } from '../../k3s/config/environment.ts'
import { wordsAt } from '../../k3s/config/located-word.ts'
import { findFlag, isKnownTo } from '../../k3s/flags/flag-catalogue.ts'
import type { Finding, Rule } from '../rule.ts'
import type { NodeSubject } from '../subject.ts'
import { restartCommand } from './service-command.ts'

/** A K3s that just started may not have told its Node yet what it was started with. */
const settlingMs = 120_000
/** Clocks of file systems and processes differ a little. */
const clockMs = 5_000

export const restartDue: Rule = {
  id: 'machine-restart-due',
  severity: 'warning',
  title: 'K3s runs with other flags than its files say',
  why: 'K3s reads its configuration when it starts; what changed since counts from the next restart on, whoever causes it',
  fix: 'restart K3s at a time of your choice, one server after the other',
  versions: 'every version',
  looksAt: ['settings', 'host', 'live'],
  sources: ['k3s-io/k3s pkg/configfilearg/parser.go', 'k3s-io/k3s pkg/nodeconfig/nodeconfig.go'],
  check: (subject) => (subject.scope === 'machine' ? subject.nodes.flatMap(restartFindings) : []),
}

/** By what the Node tells, else by what the process was given; where neither tells, by the age of the files. */
function restartFindings(node: NodeSubject): readonly Finding[] {
  const { host, config } = node
  if (host?.process === undefined || config === undefined || config.files.length + config.arguments.length === 0)
    return []
  const upForMs = (host.readAtMs ?? 0) - (host.process.startedAtMs ?? 0)
  const told = upForMs > settlingMs ? annotatedSettings(node.facts) : undefined
  const environment = environmentFindings(node, config)
  if (told !== undefined) return [...differences(node, withoutEnvironment(config), told), ...environment]
  return [...argumentFindings(node, config), ...environment, ...youngerFiles(node, config)]
}

function withoutEnvironment(config: NodeConfigReading): EffectiveSettings {
  return effectiveSettings({ ...config, environment: [] })
}

/** A K3s that is up has hidden its arguments; one that still shows them is compared. */
function argumentFindings(node: NodeSubject, config: NodeConfigReading): readonly Finding[] {
  const words = node.host?.process?.arguments ?? []
  if (!words.includes('server') && !words.includes('agent')) return []
  const at = { place: { file: `process ${node.host?.process?.pid ?? ''}`, line: 1, column: 1 } }
  const read = readArguments(wordsAt(words, at), {
    isBoolean: (key) => {
      const type = findFlag(key)?.type
      return type === undefined ? undefined : type === 'boolean'
    },
  })
  const nothing = { files: [], ignoredFiles: [], environment: [] }
  const given = effectiveSettings({ ...nothing, arguments: read.arguments })
  return differences(node, effectiveSettings({ ...nothing, arguments: config.arguments }), given)
}

/** Flags whose texts differ, as far as this release knows them: K3s leaves unknown ones out. */
function differences(node: NodeSubject, wanted: EffectiveSettings, told: EffectiveSettings): readonly Finding[] {
  const keys = new Set([...wanted.keys(), ...told.keys()])
  return [...keys].flatMap((key): Finding[] => {
    const flag = findFlag(key)
    const [is, was] = [wanted.get(key), told.get(key)]
    if (flag === undefined || isSecretKey(key) || !isKnownTo(flag, node.role, node.version)) return []
    if (is !== undefined && was !== undefined && hasSameTexts(is, was)) return []
    // Said by the files and by nobody else: a release that does not know it has left it out.
    if (is !== undefined && was === undefined && node.version === undefined) return []
    const what = `the files say ${printSetting(key, is)}, and K3s runs with ${printSetting(key, was)}`
    return [{ at: is?.at ?? node.at, what, fix: restartCommand(node) }]
  })
}

function printSetting(key: string, setting: Setting | undefined): string {
  if (setting === undefined || setting.values.length === 0) return `no ${key}`
  return `${key} ${setting.values.map(({ text }) => JSON.stringify(text)).join(', ')}`
}

/** Only variables that stand for flags, and only where K3s's own environment may be looked at. */
function environmentFindings(node: NodeSubject, config: NodeConfigReading): readonly Finding[] {
  const { host } = node
  const variables = Object.entries(host?.process?.environment ?? {})
  if (variables.length === 0) return []
  const running = environmentFlags(
    variables.map(([name, value]) => ({ name, value, at: node.at })).filter(({ name }) => name !== 'K3S_DATA_DIR'),
  )
  const written = environmentFlags(config.environment)
  const keys = new Set([...running, ...written].map(({ key }) => key))
  return [...keys].flatMap((key): Finding[] => {
    if (isSecretKey(key)) return []
    const [is, was] = [written, running].map((flags) => flags.find((flag) => flag.key === key))
    if (is?.text === was?.text) return []
    const shown = (text: string | undefined): string => (text === undefined ? 'nothing' : JSON.stringify(text))
    const what = `the variable for ${key} is ${shown(is?.text)} in the files, and ${shown(was?.text)} in the running K3s`
    return [{ at: is?.at ?? node.at, what, fix: restartCommand(node) }]
  })
}

/** A file that was written again with the same content looks the same: no more than a hint. */
function youngerFiles(node: NodeSubject, config: NodeConfigReading): readonly Finding[] {
  const startedAtMs = node.host?.process?.startedAtMs
  if (startedAtMs === undefined) return []
  return config.files.flatMap(({ path, at }): Finding[] => {
    const modifiedAtMs = node.host?.files.get(path)?.modifiedAtMs ?? 0
    if (modifiedAtMs <= startedAtMs + clockMs) return []
    return [
      {
        at: { place: at.place },
        severity: 'notice',
        what: `${path} was written after K3s started; whether K3s runs with what it says cannot be seen`,
        fix: restartCommand(node),
      },
    ]
  })
}

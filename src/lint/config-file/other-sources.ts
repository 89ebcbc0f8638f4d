import type { NodeConfigReading } from '../../domain/k3s-config-reading.ts'
import { meaninglessVariables, variableOf } from '../../k3s/config/environment.ts'
import { findFlag, longNameOf } from '../../k3s/flags/flag-catalogue.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import type { Finding, Rule } from '../rule.ts'
import { releaseOf } from '../versioned-flags/node-release.ts'
import { inConfigurations } from './config-readings.ts'

export const otherSourceRules: readonly Rule[] = [
  {
    id: 'cfg-list-in-two-sources',
    severity: 'warning',
    title: 'a list both in a file and on the command line',
    why: 'the documentation says that the command line replaces the list, and the code appends to it',
    fix: 'keep the whole list in one place',
    versions: 'every version',
    looksAt: ['config-files'],
    sources: ['k3s-io/docs docs/installation/configuration.md'],
    check: (subject) => inConfigurations(subject, listsInTwoSources),
  },
  {
    id: 'cfg-env-cidr',
    severity: 'warning',
    title: 'an environment variable that K3s does not read',
    why: 'only some options have a variable; others of that form mean nothing',
    fix: 'write the option into the configuration file',
    versions: 'every version',
    looksAt: ['config-files'],
    sources: ['k3s-io/docs docs/cli/server.md'],
    check: (subject) => inConfigurations(subject, unreadVariables),
  },
  {
    id: 'cfg-env-file-wins',
    severity: 'warning',
    title: 'K3S_CONFIG_FILE beside another --config',
    why: 'K3s takes the file that the variable names and ignores the option',
    fix: 'name the file in one of them only',
    versions: '1.19.1 and later',
    looksAt: ['config-files'],
    sources: ['k3s-io/k3s pkg/configfilearg/defaultparser.go'],
    check: (subject) =>
      inConfigurations(subject, (config, node) => {
        const version = releaseOf(node, subject)
        return version === undefined || supports('config-file', version) ? twoConfigFiles(config) : []
      }),
  },
]

function listsInTwoSources({ files, arguments: written }: NodeConfigReading): readonly Finding[] {
  const inFiles = new Map(files.flatMap((file) => file.entries.map((entry) => [longNameOf(entry.key), file.path])))
  return written.flatMap(({ key, at }) => {
    const flag = findFlag(key)
    const file = flag?.type === 'list' ? inFiles.get(flag.name) : undefined
    return flag === undefined || file === undefined
      ? []
      : [{ at, what: `${flag.name} stands on the command line and in ${file}` }]
  })
}

function unreadVariables({ environment }: NodeConfigReading): readonly Finding[] {
  return meaninglessVariables(environment).map(({ name, at }) => {
    const meant = findFlag(name.slice('K3S_'.length).toLowerCase().replaceAll('_', '-'))
    return {
      at,
      what: `K3s has no variable ${name}`,
      ...(meant?.environment === undefined ? {} : { fix: `use ${meant.environment}` }),
    }
  })
}

function twoConfigFiles({ environment, arguments: written }: NodeConfigReading): readonly Finding[] {
  const variable = variableOf(environment, 'K3S_CONFIG_FILE')
  // The first one counts, as K3s looks for it before it reads its command line.
  const option = written.find(({ key }) => longNameOf(key) === 'config')
  if (variable === undefined || option === undefined || variable.value === option.text) return []
  const [ignored, taken] = [shownPath(option.text), shownPath(variable.value)]
  return [{ at: option.at, what: `--config names ${ignored}, and K3S_CONFIG_FILE names ${taken}` }]
}

/** An address may carry a password. */
function shownPath(path: string): string {
  return /^https?:/.test(path) ? 'an address' : path
}

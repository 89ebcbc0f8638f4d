import { parseK3sVersion } from '../../k3s/version/k3s-version.ts'
import type { Finding, Rule } from '../rule.ts'
import type { NodeSubject } from '../subject.ts'
import { restartCommand } from './service-command.ts'

/** Clocks of file systems and processes differ a little. */
const clockMs = 5_000

export const versionDiffers: Rule = {
  id: 'machine-version-differs',
  severity: 'warning',
  title: 'another K3s is installed than the one that runs',
  why: 'the upgrade takes effect at the next restart, whoever causes it, with all that the new release changes',
  fix: 'restart K3s at a time of your choice: servers first, one after the other',
  versions: 'every version',
  looksAt: ['host', 'live'],
  sources: ['k3s-io/docs docs/upgrades/manual.md'],
  check: (subject) => (subject.scope === 'machine' ? subject.nodes.flatMap(differingVersions) : []),
}

function differingVersions(node: NodeSubject): readonly Finding[] {
  const { host, at, name, facts } = node
  if (host?.process === undefined) return []
  const [installed, running] = [host.installedVersion, facts.k3sVersion]
  const isComparable = parseK3sVersion(installed ?? '') !== undefined && parseK3sVersion(running ?? '') !== undefined
  const fix = restartCommand(node)
  if (isComparable) {
    const what = `${name} runs ${running ?? ''} and has ${installed ?? ''} installed`
    return installed === running ? [] : [{ at, what, fix }]
  }
  const { installedBinary, process: k3s } = host
  const replaced = (installedBinary?.modifiedAtMs ?? 0) > (k3s.startedAtMs ?? Number.POSITIVE_INFINITY) + clockMs
  if (installedBinary === undefined || !replaced) return []
  const what = `${installedBinary.path} was replaced after K3s started; which release runs cannot be seen`
  return [{ at, severity: 'notice', what, fix }]
}

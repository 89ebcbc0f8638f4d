import type { Severity } from '../../domain/problem.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { reaches } from '../../k3s/version/release-floors.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { releaseOf } from './node-release.ts'

export const removedSwitchRules: readonly Rule[] = [
  {
    id: 'ver-no-flannel',
    severity: 'error',
    title: 'no-flannel',
    why: 'K3s refuses to start over it in 1.25; from 1.26 on a server skips it and runs flannel all the same',
    fix: 'use flannel-backend: none',
    versions: '1.0 and later',
    looksAt: ['settings'],
    sources: ['k3s-io/k3s docs/adrs/deprecating-and-removing-flags.md'],
    check: (subject) => removedSwitch(subject, 'no-flannel', '1.0.0'),
  },
  {
    id: 'ver-no-deploy',
    severity: 'error',
    title: 'no-deploy',
    why: 'K3s refuses to start over it in 1.25; from 1.26 on a server skips it and deploys the component',
    fix: 'use disable, which also deletes what was deployed',
    versions: '1.17.4 and later',
    looksAt: ['settings'],
    sources: ['k3s-io/k3s docs/adrs/deprecating-and-removing-flags.md'],
    check: (subject) => removedSwitch(subject, 'no-deploy', '1.17.4'),
  },
]

function removedSwitch(subject: LintSubject, key: 'no-flannel' | 'no-deploy', deprecated: string): Finding[] {
  return subject.nodes.flatMap((node) => {
    const setting = node.settings.get(key)
    const version = releaseOf(node, subject)
    if (setting === undefined || (key === 'no-deploy' && node.role === 'agent')) return []
    if (version !== undefined && !reaches([deprecated], version)) return []
    return [{ at: setting.at, severity: severityIn(version), what: inWords(key, version) }]
  })
}

function severityIn(version: K3sVersion | undefined): Severity {
  return version !== undefined && reaches(['1.25.0'], version) ? 'error' : 'warning'
}

function inWords(key: string, version: K3sVersion | undefined): string {
  if (version === undefined) return `${key} is deprecated, and gone from 1.26 on`
  if (reaches(['1.26.0'], version)) return `K3s ${version.text} no longer has ${key}`
  return reaches(['1.25.0'], version)
    ? `K3s ${version.text} does not start with ${key}`
    : `${key} is deprecated in K3s ${version.text}`
}

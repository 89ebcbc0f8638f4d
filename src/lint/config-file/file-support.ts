import { isDropIn } from '../../k3s/config/merge-config.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { releaseOf } from '../versioned-flags/node-release.ts'
import { inConfigurations } from './config-readings.ts'

export const fileSupportRules: readonly Rule[] = [
  {
    id: 'cfg-file-unsupported',
    severity: 'error',
    title: 'a configuration file that this release does not read',
    why: 'K3s reads config.yaml from 1.19.1 on, config.yaml.d from 1.21.0 on and keys ending in + from 1.21.1 on',
    fix: 'upgrade K3s, or give it these options on its command line',
    versions: 'before 1.21.1',
    looksAt: ['settings', 'config-files'],
    sources: ['k3s-io/docs docs/installation/configuration.md'],
    check: (subject) => [...unreadFiles(subject), ...undeliverable(subject)],
  },
]

function unreadFiles(subject: LintSubject): Finding[] {
  return inConfigurations(subject, ({ files }, node) => {
    const version = releaseOf(node, subject)
    if (version === undefined) return []
    return files.flatMap((file): Finding[] => {
      if (!supports(isDropIn(file.path) ? 'drop-in-folder' : 'config-file', version)) {
        return [{ at: file.at, what: `K3s ${version.text} does not read ${file.path}` }]
      }
      if (supports('append-keys', version)) return []
      return file.entries
        .filter((entry) => entry.appends)
        .map((entry) => ({ at: entry.at, what: `K3s ${version.text} does not know the key ${entry.key}+` }))
    })
  })
}

/** A repository may describe such a cluster, and be planned; what it says about flags cannot be put in place. */
function undeliverable(subject: LintSubject): Finding[] {
  const { version } = subject
  if (subject.scope !== 'repository' || version === undefined || supports('drop-in-folder', version)) return []
  if (!subject.nodes.some((node) => node.settings.size > 0)) return []
  const at = subject.desired?.places.clusterPlace(['spec', 'k3sVersion']) ?? subject.at
  return [{ at, severity: 'warning', what: notInPlace(version) }]
}

function notInPlace(version: K3sVersion): string {
  return `Fairlead writes flags into config.yaml.d, which K3s ${version.text} does not read`
}

import type { NodeConfigReading } from '../../domain/k3s-config-reading.ts'
import { longNameOf } from '../../k3s/flags/flag-catalogue.ts'
import { k3sPaths } from '../../k3s/locations.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { releaseOf } from '../versioned-flags/node-release.ts'
import { inConfigurations } from './config-readings.ts'

const configuration = 'k3s-io/docs docs/installation/configuration.md'

export const dropInFileRules: readonly Rule[] = [
  {
    id: 'cfg-later-dropin-overrides',
    severity: 'error',
    title: "a file after Fairlead's that sets one of its keys",
    why: 'K3s reads the files by name, and the last one decides',
    fix: 'take the key out of that file, or rename the file so that it sorts before 90-fairlead.yaml',
    versions: '1.21.0 and later',
    looksAt: ['config-files'],
    sources: [configuration],
    check: (subject) =>
      inConfigurations(subject, (config, node) => (readsDropIns(subject, node) ? overrides(config) : [])),
  },
  {
    id: 'cfg-dropin-ignored-name',
    severity: 'warning',
    title: 'a file in config.yaml.d that K3s does not read',
    why: 'it reads the files directly in there that end in .yaml or .yml',
    fix: 'rename the file, or move it away',
    versions: '1.21.0 and later',
    looksAt: ['config-files'],
    sources: ['k3s-io/k3s pkg/configfilearg/parser.go'],
    check: (subject) =>
      inConfigurations(subject, ({ ignoredFiles }, node) =>
        readsDropIns(subject, node) ? ignoredFiles.map((at) => ({ at, what: `K3s ignores ${at.place.file}` })) : [],
      ),
  },
  {
    id: 'cfg-multidoc',
    severity: 'error',
    title: 'a configuration file with several YAML documents',
    why: 'K3s reads the first one and never says so',
    fix: 'join the documents into one, or split the file',
    versions: 'every version',
    looksAt: ['config-files'],
    sources: ['k3s-io/k3s pkg/configfilearg/parser.go'],
    check: (subject) =>
      inConfigurations(subject, ({ files }) =>
        files
          .filter((file) => file.documents > 1)
          .map((file) => ({ at: file.at, what: `${file.path} has ${file.documents} YAML documents` })),
      ),
  },
]

/** That older releases read none of them is told by cfg-file-unsupported. */
function readsDropIns(subject: LintSubject, node: NodeSubject): boolean {
  const version = releaseOf(node, subject)
  return version === undefined || supports('drop-in-folder', version)
}

function overrides({ files }: NodeConfigReading): readonly Finding[] {
  const managedAt = files.findIndex((file) => file.path === k3sPaths.managedDropIn)
  const managed = files[managedAt]
  if (managed === undefined) return []
  const keys = new Set(managed.entries.map((entry) => longNameOf(entry.key)))
  return files
    .slice(managedAt + 1)
    .flatMap((file) =>
      file.entries
        .filter((entry) => keys.has(longNameOf(entry.key)))
        .map((entry) => ({ at: entry.at, what: `${file.path} sets ${longNameOf(entry.key)} after ${managed.path}` })),
    )
}

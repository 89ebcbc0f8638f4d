import type { KubernetesObject } from '../../domain/facts.ts'
import { itemsOf } from '../../k3s/config/effective-settings.ts'
import { addonName, disabledBy, isDeployable, isSkipMarker } from '../../k3s/manifest-rules.ts'
import { isWithin } from '../../k3s/version/release-floors.ts'
import { textAt } from '../flannel/json-object.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { liveObject } from './live-object.ts'

/** K3s looks at its manifests every 15 seconds, and a pass over many of them takes a while. */
const deployMs = 120_000

export const addonFailed: Rule = {
  id: 'machine-addon-failed',
  severity: 'error',
  title: 'a manifest that K3s could not apply',
  why: 'K3s tries again every 15 seconds and says so only in events and in its log; until then the cluster has the former objects, or half of the new ones',
  fix: 'kubectl -n kube-system describe addon NAME shows the reason; correct the file',
  versions: 'every version but 1.21.3, 1.21.4, 1.22.0 and 1.22.1',
  looksAt: ['live', 'manifests', 'host'],
  sources: ['k3s-io/k3s pkg/deploy/controller.go'],
  // A revision may be what mends it: a repository is never refused for it.
  check: (subject) => (subject.scope === 'repository' ? [] : [...withoutChecksum(subject), ...notApplied(subject)]),
}

/** 1.21.3 and 1.21.4 forgot to keep the checksum (k3s-io/k3s #3921). */
const keepsNoChecksum = { since: ['1.21.3'], until: ['1.21.5', '1.22.2'] } as const

function withoutChecksum(subject: LintSubject): readonly Finding[] {
  if (subject.version === undefined || isWithin(keepsNoChecksum, subject.version)) return []
  const failures = warningsByAddon(subject)
  return addonsOf(subject).flatMap((addon): Finding[] => {
    const { name } = addon.metadata
    const source = textAt(addon, 'spec', 'source')
    const isEmpty = (textAt(addon, 'spec', 'checksum') ?? '') === ''
    if (!isEmpty && !failures.has(name)) return []
    const reason = failures.get(name)
    const of = source === undefined ? '' : ` of ${source}`
    return [
      {
        at: liveObject(addon),
        what: `Addon ${name}${of} ${isEmpty ? 'was never applied' : 'failed'}${reason === undefined ? '' : `: ${reason}`}`,
        fix: `kubectl -n kube-system describe addon ${name}`,
      },
    ]
  })
}

/** The last warning of each Addon, where events were read. */
function warningsByAddon({ facts }: LintSubject): ReadonlyMap<string, string> {
  const events = (facts.objects ?? []).filter(({ kind, ...event }) => kind === 'Event' && event['type'] === 'Warning')
  return new Map(
    events.flatMap((event) => {
      const isOfAddon = textAt(event, 'involvedObject', 'kind') === 'Addon'
      const name = isOfAddon ? textAt(event, 'involvedObject', 'name') : undefined
      return name === undefined ? [] : [[name, textAt(event, 'reason') ?? 'a warning'] as const]
    }),
  )
}

/** Files of this machine whose content K3s did not apply last, though it has had the time. */
function notApplied(subject: LintSubject): readonly Finding[] {
  const addons = new Map(addonsOf(subject).map((addon) => [addon.metadata.name, addon]))
  return subject.nodes.flatMap((node) => {
    const { host } = node
    if (subject.scope !== 'machine' || host?.process === undefined || node.role !== 'server') return []
    const now = host.readAtMs ?? 0
    const disabled = itemsOf(node.settings, 'disable').map(({ text }) => text.trim())
    const names = subject.manifests.map(({ name }) => name)
    const skipped = new Set(names.filter(isSkipMarker).map(baseName))
    return subject.manifests.flatMap(({ name, file }): Finding[] => {
      const addon = addons.get(addonName(name))
      const found = host.files.get(file)
      const checksum = textAt(addon, 'spec', 'checksum') ?? ''
      if (addon === undefined || checksum === '' || found?.digest === undefined || found.digest === checksum) return []
      const isDeployed =
        isDeployable(name) && !skipped.has(`${baseName(name)}.skip`) && disabledBy(name, disabled) === undefined
      // Of two files with one Addon's name the other one may be meant.
      const isAlone = names.filter((other) => isDeployable(other) && addonName(other) === addonName(name)).length === 1
      const hadTime = now - Math.max(found.modifiedAtMs, host.process?.startedAtMs ?? 0) > deployMs
      if (!isDeployed || !isAlone || !hadTime || textAt(addon, 'spec', 'source') !== file) return []
      return [
        {
          at: { place: { file, line: 1, column: 1 } },
          severity: 'warning',
          what: `${file} is not what K3s applied last as Addon ${addon.metadata.name}`,
          why: 'either it could not be applied, or another server has a file of this name with other content',
          fix: `kubectl -n kube-system describe addon ${addon.metadata.name}`,
        },
      ]
    })
  })
}

function addonsOf({ facts }: LintSubject): readonly KubernetesObject[] {
  return (facts.objects ?? []).filter(
    ({ kind, apiVersion }) => kind === 'Addon' && apiVersion.startsWith('k3s.cattle.io/'),
  )
}

function baseName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

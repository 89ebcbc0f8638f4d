import { unreachable } from '../../domain/unreachable.ts'
import {
  type CustomEntryFault,
  customEntryFaults,
  customEntryKind,
  forwardsEverything,
} from '../../k3s/coredns/custom-entries.ts'
import { type Feature, gateOf, supports } from '../../k3s/version/feature-gates.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { printFloors } from '../../k3s/version/release-floors.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { asRecord } from './chart-overrides.ts'

const sources = ['k3s-io/k3s manifests/coredns.yaml']

export const corednsCustomKey: Rule = {
  id: 'pkg-corednscustom-key',
  severity: 'warning',
  title: 'an entry of coredns-custom that CoreDNS ignores or cannot read',
  why: 'CoreDNS keeps what it has until it restarts, and does not start again with a text that it cannot read',
  fix: 'write zone { … } into NAME.server, and directives of the default block into NAME.override',
  versions: '*.server from 1.21.7 / 1.22.4 on, *.override from 1.24.15 / 1.25.11 / 1.26.6 / 1.27.3 on',
  looksAt: ['manifests', 'live'],
  sources: [...sources, 'k3s-io/k3s#4397', 'k3s-io/k3s#7639'],
  check(subject) {
    const entries = customEntries(subject)
    return entries.flatMap(({ key, text, at }): Finding[] => [
      ...tooOld(key, subject.version).map((what) => ({
        at,
        what,
        why: 'the packaged Corefile of this release does not import it',
        fix: 'upgrade K3s first',
      })),
      ...customEntryFaults(key, text).flatMap((fault): Finding[] =>
        hasRuleOfItsOwn(fault) || (fault.kind === 'ignored' && isNamed(key, entries))
          ? []
          : [{ at, ...faultText(key, fault) }],
      ),
    ])
  },
}

/** Told by pkg-corednscustom-default-zone, pkg-corednscustom-once and pkg-corednscustom-plugin. */
function hasRuleOfItsOwn({ kind }: CustomEntryFault): boolean {
  return kind === 'default-zone' || kind === 'stands-already' || kind === 'unknown-plugin'
}

/** Every entry is a file below /etc/coredns/custom, and another one may read it: a zone for `file`, a list for `hosts`. */
function isNamed(key: string, entries: readonly { readonly text: string }[]): boolean {
  return entries.some(({ text }) => text.includes(`/etc/coredns/custom/${key}`))
}

export const corednsDefaultZone: Rule = {
  id: 'pkg-corednscustom-default-zone',
  severity: 'error',
  title: 'a server block for the default zone in coredns-custom',
  why: 'the packaged Corefile has .:53 itself; CoreDNS does not start with two of one zone, and the cluster loses its DNS at the next restart',
  fix: 'name the zone that is meant, or write the directives into NAME.override',
  versions: '1.21.7 / 1.22.4 and later',
  looksAt: ['manifests', 'live'],
  sources,
  check(subject) {
    const { version } = subject
    // What a release does not import is told by pkg-corednscustom-key.
    if (version !== undefined && !supports('coredns-custom-servers', version)) return []
    return customEntries(subject).flatMap(({ key, text, at }) =>
      customEntryFaults(key, text)
        .filter(({ kind }) => kind === 'default-zone')
        .map(
          ({ word = '.', line }): Finding => ({ at, what: `${key} opens the zone ${word} again in its line ${line}` }),
        ),
    )
  },
}

export const corednsForward: Rule = {
  id: 'pkg-corednscustom-forward',
  severity: 'error',
  title: 'an override of forward that the release cannot take',
  why: 'the packaged forward stands before the imported one: CoreDNS refuses two of them, or the first one wins',
  fix: 'upgrade K3s, or give the zone a server block of its own in NAME.server',
  versions: 'below 1.32.10 / 1.33.6 / 1.34.2',
  looksAt: ['manifests', 'live'],
  sources: [...sources, 'k3s-io/k3s#12979'],
  check(subject) {
    const { version } = subject
    if (version === undefined || supports('coredns-forward-override', version)) return []
    // Releases that import no overrides at all are told of by pkg-corednscustom-key.
    if (!supports('coredns-custom-overrides', version)) return []
    return customEntries(subject).flatMap(({ key, text, at }): Finding[] => {
      const line = forwardsEverything(key, text)
      return line === undefined ? [] : [{ at, what: `${key} holds a forward in its line ${line.line}` }]
    })
  },
}

export const corednsCustomDisabled: Rule = {
  id: 'pkg-corednscustom-disabled',
  severity: 'warning',
  title: 'custom zones for CoreDNS, which is disabled',
  why: 'the packaged CoreDNS alone reads them, and Fairlead does not write the ConfigMap where it is disabled',
  fix: 'enable spec.components.coredns, or take custom away and give the zones to the DNS server that replaces it',
  versions: 'every version',
  looksAt: [],
  sources,
  check({ desired }) {
    if (desired === undefined) return []
    const { enabled, custom } = desired.cluster.spec.components.coredns
    const keys = Object.keys(custom).sort()
    if (enabled || keys.length === 0) return []
    const at = desired.places.clusterPlace(['spec', 'components', 'coredns', 'custom'])
    return [{ at, what: `CoreDNS has ${keys.join(', ')} in custom and is disabled` }]
  },
}

export interface CustomEntry {
  readonly key: string
  readonly text: string
  readonly at: Finding['at']
}

export function customEntries(subject: LintSubject): CustomEntry[] {
  const { desired, objects } = subject
  const custom = desired?.cluster.spec.components.coredns.custom ?? {}
  return [
    ...Object.entries(custom).map(([key, text]) => ({
      key,
      text,
      at: desired?.places.clusterPlace(['spec', 'components', 'coredns', 'custom', key]) ?? subject.at,
    })),
    ...objects.flatMap((subject): CustomEntry[] => {
      const { object, origin } = subject
      const { name, namespace } = object.metadata
      if (object.kind !== 'ConfigMap' || name !== 'coredns-custom' || namespace !== 'kube-system') return []
      if (origin === 'rendered' && desired !== undefined) return []
      return Object.entries(asRecord(object['data'])).flatMap(([key, text]) =>
        typeof text === 'string' ? [{ key, text, at: subject.place(['data', key]) }] : [],
      )
    }),
  ]
}

function tooOld(key: string, version: K3sVersion | undefined): string[] {
  const kind = customEntryKind(key)
  if (version === undefined || kind === 'ignored') return []
  const gate: Feature = kind === 'server' ? 'coredns-custom-servers' : 'coredns-custom-overrides'
  if (supports(gate, version)) return []
  return [`${key} of coredns-custom is read from ${printFloors(gateOf(gate).since ?? [])} on`]
}

function faultText(key: string, { kind, word = '', line }: CustomEntryFault): Omit<Finding, 'at'> {
  switch (kind) {
    case 'ignored':
      return {
        what: `nothing reads the key ${key} of coredns-custom`,
        why: 'the packaged Corefile imports *.server and *.override only',
        fix: 'call it NAME.server or NAME.override',
      }
    case 'braces':
      return { what: `the braces in ${key} do not match`, fix: 'close every { with a } on a line of its own' }
    case 'closed-behind-directive':
      return {
        what: `${key} has the } of its server block behind a directive, in its line ${line}`,
        why: 'in a Corefile a directive goes on to the end of its line: CoreDNS takes the } for a part of it, says "Unexpected \'}\'", and does not start again',
        fix: 'write zone {, every directive and } on lines of their own',
      }
    case 'no-zone':
      return {
        what: `${key} has ${JSON.stringify(word)} outside of a server block in its line ${line}`,
        fix: 'put it between zone { and }',
      }
    case 'plugin-as-zone':
      return {
        what: `${key} opens a server block for a zone called ${JSON.stringify(word)} in its line ${line}`,
        why: 'that is the name of a plugin; as a zone it answers for nothing',
        fix: 'put it between zone { and }, or into NAME.override',
      }
    case 'block-in-override':
      return {
        what: `${key} opens a server block for ${JSON.stringify(word)} in its line ${line}`,
        why: 'its text goes into the default server block, and blocks cannot stand in one another',
        fix: 'move it to a key NAME.server',
      }
    case 'no-directive':
      return { what: `${key} has ${JSON.stringify(word)} in its line ${line}, which is no directive` }
    case 'default-zone':
      return { what: `${key} opens the zone ${word} again in its line ${line}` }
    case 'stands-already':
    case 'unknown-plugin':
      return { what: `${key} has the plugin ${word} in its line ${line}` }
    default:
      return unreachable(kind)
  }
}

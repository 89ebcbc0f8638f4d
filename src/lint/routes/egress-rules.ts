import { type AddressFamily, familyOf } from '../../domain/cidr.ts'
import { sysctlPath } from '../../domain/sysctl-path.ts'
import { addressingDefaults } from '../../k3s/addressing-defaults.ts'
import { holdsRange, rangeOf } from '../flannel/ranges.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { writtenEntries, writtenSysctls } from './written-entries.ts'

const sources = ['kernel.org Documentation/networking/ip-sysctl.rst', 'iproute2 man/man8/ip-rule.8.in']
/** Values that fit into the four bits of the packet mark that are ours; none is no way. */
const mostWays = 15

export const egressRules: readonly Rule[] = [
  {
    id: 'rt-egress-room',
    severity: 'error',
    title: 'more ways out than marks',
    why: 'four bits of the mark of a packet are ours, the others belong to kube-proxy, CNI plugins and VPN programs',
    fix: `keep to ${mostWays} on one node`,
    versions: 'every version',
    looksAt: ['settings'],
    sources,
    check: (subject) =>
      subject.nodes.flatMap((node) =>
        writtenEntries(subject, node, 'egress')
          .slice(mostWays)
          .map(({ entry, at }) => ({ at, what: `way out "${entry.name}" is one too many for ${node.name}` })),
      ),
  },
  {
    id: 'rt-egress-overlap',
    severity: 'warning',
    title: 'pods that are in two ways out',
    why: 'they take the last one that they are in; whoever reads the first would think otherwise',
    fix: 'keep the ranges in from apart',
    versions: 'every version',
    looksAt: ['settings'],
    sources,
    check: overlaps,
  },
  {
    id: 'rt-egress-table',
    severity: 'error',
    title: 'a routing table of two ways out',
    why: 'both have a default route in it, and only one of them can stand',
    fix: 'leave table out, or write different numbers',
    versions: 'every version',
    looksAt: ['settings'],
    sources,
    check: (subject) =>
      subject.nodes.flatMap((node) => {
        const seen = new Map<number, string>()
        return writtenEntries(subject, node, 'egress').flatMap(({ entry, at }): readonly Finding[] => {
          const { name, table } = entry
          if (table === undefined) return []
          const first = seen.get(table)
          seen.set(table, first ?? name)
          return first === undefined ? [] : [{ at, what: `ways out "${first}" and "${name}" share table ${table}` }]
        })
      }),
  },
  {
    id: 'rt-egress-gateway',
    severity: 'warning',
    title: 'a way out without a gateway for one family',
    why: 'the gateway of one family is no use to the other: its traffic is stopped, or takes the main table',
    fix: 'write a gateway for it, or say in families which one takes this way',
    versions: 'every version',
    looksAt: ['settings'],
    sources,
    check: missingGateways,
  },
  {
    id: 'rt-egress-strict',
    severity: 'error',
    title: 'a way out whose answers the kernel would drop',
    why: 'answers come in by an interface that the main table would not take: a strict reverse path check drops them',
    fix: 'take the setting out, which then becomes 2 (loose) on this interface',
    versions: 'every version',
    looksAt: ['settings'],
    sources,
    check: strictDevices,
  },
  {
    id: 'rt-egress-sources',
    severity: 'warning',
    title: 'a way out for addresses that no pod has',
    why: 'a way out is for pods, which have addresses of clusterCIDR: nothing would ever take this one',
    fix: 'write ranges inside clusterCIDR, or a routing rule for other senders',
    versions: 'every version',
    looksAt: ['settings'],
    sources,
    check: withoutPods,
  },
]

function withoutPods(subject: LintSubject): readonly Finding[] {
  const pods = sourcesOf(subject, undefined)
  return subject.nodes.flatMap((node) =>
    writtenEntries(subject, node, 'egress').flatMap(({ entry, at }) =>
      (entry.from ?? [])
        .filter((range) => !pods.some((podRange) => shareAddresses(range, podRange)))
        .map((range) => ({
          at,
          what: `way out ${JSON.stringify(entry.name)} is for ${range}, and pods are in ${pods.join(', ')}`,
        })),
    ),
  )
}

function sourcesOf(subject: LintSubject, from: readonly string[] | undefined): readonly string[] {
  return from ?? subject.desired?.cluster.spec.addressing.clusterCIDR ?? addressingDefaults.clusterCIDR
}

function overlaps(subject: LintSubject): readonly Finding[] {
  return subject.nodes.flatMap((node) => {
    const ways = writtenEntries(subject, node, 'egress')
    return ways.flatMap(({ entry, at }, index): readonly Finding[] => {
      const other = ways
        .slice(0, index)
        .find((earlier) =>
          sourcesOf(subject, earlier.entry.from).some((a) =>
            sourcesOf(subject, entry.from).some((b) => shareAddresses(a, b)),
          ),
        )
      return other === undefined
        ? []
        : [{ at, what: `ways out "${other.entry.name}" and "${entry.name}" are for the same pods` }]
    })
  })
}

function shareAddresses(a: string, b: string): boolean {
  const [one, other] = [rangeOf(a), rangeOf(b)]
  return one !== undefined && other !== undefined && (holdsRange(one, other) || holdsRange(other, one))
}

function missingGateways(subject: LintSubject): readonly Finding[] {
  return subject.nodes.flatMap((node) =>
    writtenEntries(subject, node, 'egress').flatMap(({ entry, at }): readonly Finding[] => {
      if (entry.via === undefined) return []
      const gateways = entry.via.map(familyOf)
      const families = new Set(sourcesOf(subject, entry.from).map(familyOf))
      const wanted = ([4, 6] as const).filter(
        (family: AddressFamily) => families.has(family) && entry.families?.includes(`IPv${family}`) !== false,
      )
      return wanted
        .filter((family) => !gateways.includes(family))
        .map((family) => ({ at, what: `way out "${entry.name}" has no gateway for IPv${family}` }))
    }),
  )
}

function strictDevices(subject: LintSubject): readonly Finding[] {
  return subject.nodes.flatMap((node: NodeSubject) => {
    const devices = new Set(writtenEntries(subject, node, 'egress').map(({ entry }) => entry.dev))
    return writtenSysctls(subject, node).flatMap(({ key, value, at }): readonly Finding[] => {
      const path = sysctlPath(key) ?? []
      const device = path.at(-1) === 'rp_filter' ? path[3] : undefined
      if (device === undefined || !devices.has(device) || value === '2') return []
      return [
        {
          at,
          what: `${key} is ${value}, and pods leave by ${device}`,
          ...(value === '1' ? {} : { severity: 'warning' as const }),
        },
      ]
    })
  })
}

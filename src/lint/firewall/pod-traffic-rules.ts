import { type Address, type Cidr, formatCidr } from '../../domain/cidr.ts'
import { kubeletPort } from '../../k3s/ports/inbound-ports.ts'
import { podNetworkOf } from '../flannel/pod-network.ts'
import { holdsRange, rangeOf } from '../flannel/ranges.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { apiPortOf, savedFilters } from './closed-ports.ts'
import { closedBy, documentRules } from './document-firewall.ts'
import type { SavedFilter } from './iptables-save.ts'
import { savedVerdict } from './saved-verdict.ts'

const sources = ['k3s-io/docs docs/installation/requirements.md (Operating Systems)']

/** A firewall on a node has to let pods through: they come from the ranges of the cluster. */
export const podTrafficRules: readonly Rule[] = [
  {
    id: 'fw-podcidr',
    severity: 'warning',
    title: 'a firewall that does not know the ranges of the cluster',
    why: 'firewalld and ufw keep out what they were not told about: pods lose the API server, cluster DNS and each other',
    fix: 'firewalld: firewall-cmd --permanent --zone=trusted --add-source=RANGE for cluster-cidr and service-cidr, then --reload; ufw: ufw allow from RANGE to any',
    versions: 'every version',
    looksAt: ['host', 'settings'],
    sources,
    check: (subject) => subject.nodes.flatMap((node) => distrustedRanges(subject, node)),
  },
  {
    id: 'host-default-deny-without-pods',
    severity: 'warning',
    title: 'a default deny that does not accept pods',
    why: 'pods that may not pass through the node reach neither cluster DNS nor each other; pods that a machine does not let in reach neither its API server nor its kubelet',
    fix: 'accept traffic from cluster-cidr (and to it, where packets are passed on) before the rest is closed',
    versions: 'every version',
    looksAt: ['settings', 'host'],
    sources,
    check: (subject) =>
      subject.nodes.flatMap((node) => [...deniedByDocuments(subject, node), ...deniedOnMachine(subject, node)]),
  },
]

/**
 * ufw's rules are iptables rules and can be read. firewalld keeps its own in nftables: there only its zone files tell,
 * and without them nothing is certain.
 */
function distrustedRanges(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  const network = podNetworkOf(subject)
  const managers = node.host?.firewall?.managers ?? []
  if (network === undefined) return []
  return [...network.clusterCidrs, ...network.serviceCidrs].flatMap((range): Finding[] => {
    const at = node.at
    if (managers.includes('ufw') && acceptsSource(node, range) === false) {
      return [{ at, what: `ufw is active on ${node.name} and has no rule for ${formatCidr(range)}` }]
    }
    if (!managers.includes('firewalld')) return []
    const trusted = firewalldSources(node)
    if (trusted === undefined) {
      return [
        {
          at,
          severity: 'notice',
          what: `firewalld is active on ${node.name}; whether it trusts ${formatCidr(range)} cannot be seen`,
        },
      ]
    }
    if (trusted.some((source) => holdsRange(source, range))) return []
    return [{ at, what: `firewalld is active on ${node.name} and no zone has ${formatCidr(range)} as a source` }]
  })
}

function acceptsSource(node: NodeSubject, range: Cidr): boolean | undefined {
  const filter = savedFilters(node)[range.family]
  if (filter === undefined) return undefined
  return [...filter.chains.values()].flat().some(({ target, matches }) => {
    if (target !== 'ACCEPT') return false
    return matches.some(({ option, value, isNegated }) => {
      const source = option === '-s' && !isNegated ? rangeOf(value) : undefined
      return source !== undefined && holdsRange(source, range)
    })
  })
}

function firewalldSources({ host }: NodeSubject): readonly Cidr[] | undefined {
  const zones = [...(host?.files ?? [])].filter(([path]) => /^\/etc\/firewalld\/zones\/[^/]+\.xml$/.test(path))
  if (zones.length === 0) return undefined
  return zones.flatMap(([, { text = '' }]) =>
    [...text.matchAll(/<source\s[^>]*address="([^"]+)"/g)].flatMap(([, source = '']) => rangeOf(source) ?? []),
  )
}

/** The second address of a range: the first one that a pod, or the bridge of the first node, can have. */
function podAddress({ family, network }: Cidr): Address {
  return { family, value: network + 1n }
}

const dnsPort = 53

/**
 * Whatever `input` says, pods get to the API server and the kubelet; whatever `forward` says, to the API server alone.
 */
function deniedByDocuments(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  const forward = documentRules(subject, node, 'forward')
  return (podNetworkOf(subject)?.clusterCidrs ?? []).flatMap((range) => {
    const source = podAddress(range)
    const by = closedBy(forward, { protocol: 'udp', port: dnsPort, source, destinations: [source] })
    return by === undefined
      ? []
      : [{ at: by.at, what: `${by.name} closes what pods (${formatCidr(range)}) say to each other` }]
  })
}

function deniedOnMachine(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  const filters = savedFilters(node)
  return (podNetworkOf(subject)?.clusterCidrs ?? []).flatMap((range) => {
    const filter: SavedFilter | undefined = filters[range.family]
    if (filter === undefined) return []
    const source = podAddress(range)
    const port = node.role === 'server' ? apiPortOf(subject) : kubeletPort
    const own = savedVerdict(filter, 'INPUT', { protocol: 'tcp', port, source, inInterface: 'cni0' })
    const passing = savedVerdict(filter, 'FORWARD', {
      protocol: 'udp',
      port: dnsPort,
      source,
      destination: source,
      inInterface: 'cni0',
    })
    return [
      ...(own === 'drop'
        ? [{ at: node.at, what: `iptables of ${node.name} closes TCP ${port} to pods (${formatCidr(range)})` }]
        : []),
      ...(passing === 'drop'
        ? [{ at: node.at, what: `iptables of ${node.name} closes what pods (${formatCidr(range)}) say to each other` }]
        : []),
    ]
  })
}

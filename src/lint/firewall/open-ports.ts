import type { Address } from '../../domain/cidr.ts'
import { etcdPorts, kubeletPort } from '../../k3s/ports/inbound-ports.ts'
import { etcdServersOf, externalAddresses, internalAddresses, knowsNodes } from '../flannel/node-addresses.ts'
import { flannelConfOf } from '../flannel/pod-network.ts'
import { isPublic } from '../flannel/ranges.ts'
import type { Finding } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { apiPortOf, savedFilters } from './closed-ports.ts'
import { type DocumentRule, documentRules, openedBy, strangers } from './document-firewall.ts'
import { portsByRule } from './ports-by-rule.ts'
import { savedVerdict } from './saved-verdict.ts'

/** A port that rules open to everybody, and who opens it. */
interface OpenPort {
  readonly port: number
  readonly by: Pick<DocumentRule, 'at' | 'name'>
}

export function openEtcd(subject: LintSubject): readonly Finding[] {
  return etcdServersOf(subject).flatMap((node) =>
    openPorts(subject, node, 'tcp', [etcdPorts.first, etcdPorts.last]).map(({ port, by }) => ({
      at: by.at,
      what: `${by.name} opens TCP ${port} of etcd to everybody`,
    })),
  )
}

/** Behind private addresses only, everybody is at least on the same network. */
export function openVxlan(subject: LintSubject): readonly Finding[] {
  return subject.nodes.flatMap((node) => {
    const conf = flannelConfOf(subject, node)
    if (conf?.backend.type !== 'vxlan') return []
    return openPorts(subject, node, 'udp', [conf.backend.port]).map(({ port, by }): Finding => {
      const what = `${by.name} opens UDP ${port} of VXLAN to everybody`
      return isPrivateNode(subject, node) ? { at: by.at, what, severity: 'warning' } : { at: by.at, what }
    })
  })
}

/** Ports through which a node or its cluster is administered. On a machine SSH and the API are open by intent. */
export function openManagement(subject: LintSubject): readonly Finding[] {
  const api = apiPortOf(subject)
  const found = subject.nodes.flatMap((node) => [
    ...openInDocuments(subject, node, 'tcp', [22, ...(node.role === 'server' ? [api] : []), kubeletPort]),
    ...openOnMachine(node, 'tcp', [kubeletPort]),
  ])
  return portsByRule(found).map(({ by, ports }) => ({ at: by.at, what: `${by.name} opens TCP ${ports} to everybody` }))
}

function openPorts(
  subject: LintSubject,
  node: NodeSubject,
  protocol: 'tcp' | 'udp',
  ports: readonly number[],
): readonly OpenPort[] {
  return [...openInDocuments(subject, node, protocol, ports), ...openOnMachine(node, protocol, ports)]
}

function openInDocuments(
  subject: LintSubject,
  node: NodeSubject,
  protocol: 'tcp' | 'udp',
  ports: readonly number[],
): readonly OpenPort[] {
  const rules = documentRules(subject, node, 'input')
  const destinations = internalAddresses(node)
  return ports.flatMap((port) => {
    const by = strangers
      .map((source) => openedBy(rules, { protocol, port, source, destinations }))
      .find((rule) => rule !== undefined)
    return by === undefined ? [] : [{ port, by }]
  })
}

/** A machine that drops what it was not told about was told to open this port; one that drops nothing was not. */
function openOnMachine(node: NodeSubject, protocol: 'tcp' | 'udp', ports: readonly number[]): readonly OpenPort[] {
  const filters = savedFilters(node)
  const verdict = (source: Address, port: number) => {
    const filter = filters[source.family]
    return filter === undefined ? 'unknown' : savedVerdict(filter, 'INPUT', { protocol, port, source })
  }
  return ports.flatMap((port) => {
    const isOpen = strangers.some(
      (source) => verdict(source, port) === 'accept' && verdict(source, unusedPort) === 'drop',
    )
    return isOpen ? [{ port, by: { at: node.at, name: `iptables of ${node.name}` } }] : []
  })
}

/** tcpmux, which nobody has. */
const unusedPort = 1

function isPrivateNode(subject: LintSubject, node: NodeSubject): boolean {
  const addresses = [...internalAddresses(node), ...externalAddresses(node)]
  return knowsNodes(subject) && addresses.length > 0 && !addresses.some(isPublic)
}

import type { LocatedLine } from '../../domain/problem.ts'
import { isSwitchedOn } from '../../k3s/config/effective-settings.ts'
import { flannelPorts } from '../../k3s/flannel/flannel-devices.ts'
import { defaultApiPort, type InboundPort, inboundPorts } from '../../k3s/ports/inbound-ports.ts'
import { etcdServersOf, externalAddresses, internalAddresses, type KnownAddress } from '../flannel/node-addresses.ts'
import { flannelConfOf } from '../flannel/pod-network.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'
import { readSavedFilter, type SavedFilter } from './iptables-save.ts'
import { savedVerdict } from './saved-verdict.ts'

/** A port that a node needs open for another one, and a machine that closes it. */
export interface ClosedPort {
  readonly port: InboundPort
  readonly at: LocatedLine
  /** For people: `iptables of pi-1 closes UDP 8472 to pi-2 (192.168.1.6)`. */
  readonly what: string
}

/**
 * Ports between nodes that the packet filter of a machine certainly closes. A NodeNetwork cannot: what keeps nodes together
 * is let through before its rules are asked.
 */
export function closedPorts(subject: LintSubject): readonly ClosedPort[] {
  const found = known.get(subject) ?? findClosedPorts(subject)
  known.set(subject, found)
  return found
}

/** Half a dozen rules ask, each about its own ports. */
const known = new WeakMap<LintSubject, readonly ClosedPort[]>()

function findClosedPorts(subject: LintSubject): readonly ClosedPort[] {
  const etcd = etcdServersOf(subject)
  return subject.nodes
    .filter(({ host }) => host?.firewall?.saved !== undefined)
    .flatMap((node) =>
      neededPorts(subject, node, etcd.includes(node)).flatMap((port) =>
        closedOnMachine(node, port, peersOf(subject, node, port, etcd)),
      ),
    )
}

/** Port of the API server, by the first server that is known. */
export function apiPortOf(subject: LintSubject): number {
  const text = serversOf(subject)[0]?.settings.get('https-listen-port')?.values.at(-1)?.text
  const port = Number(text ?? defaultApiPort)
  return Number.isInteger(port) ? port : defaultApiPort
}

function neededPorts(subject: LintSubject, node: NodeSubject, keepsEtcd: boolean): readonly InboundPort[] {
  const conf = flannelConfOf(subject, node)
  const ports = inboundPorts({
    apiPort: apiPortOf(subject),
    overlay: conf === undefined ? [] : flannelPorts(conf),
    hasEmbeddedEtcd: keepsEtcd,
    embeddedRegistry: serversOf(subject).some(({ settings }) => isSwitchedOn(settings, 'embedded-registry')),
  })
  return ports.filter(({ to }) => to === 'nodes' || node.role === 'server')
}

interface Peer {
  readonly name: string
  readonly address: KnownAddress
}

function peersOf(
  subject: LintSubject,
  target: NodeSubject,
  port: InboundPort,
  etcd: readonly NodeSubject[],
): readonly Peer[] {
  const nodes = port.use === 'etcd' ? etcd : port.from === 'servers' ? serversOf(subject) : subject.nodes
  const isExternal =
    port.use === 'overlay' && serversOf(subject).some(({ settings }) => isSwitchedOn(settings, 'flannel-external-ip'))
  const names = new Set(subject.nodes.map(({ name }) => name))
  // Nodes of the cluster whose flags are not known: only the label tells the members of etcd among them.
  const fromFacts = subject.facts.nodes.filter(
    ({ name, labels }) =>
      !names.has(name) && (port.from === 'nodes' || labels['node-role.kubernetes.io/etcd'] === 'true'),
  )
  const all = [...nodes, ...fromFacts.map((facts) => ({ ...target, name: facts.name, facts, settings: new Map() }))]
  return all
    .filter(({ name }) => name !== target.name)
    .flatMap((node) => {
      const external = isExternal ? externalAddresses(node) : []
      return (external.length > 0 ? external : internalAddresses(node)).map((address) => ({ name: node.name, address }))
    })
    .filter(({ address }) => port.family === 'any' || address.family === port.family)
}

function closedOnMachine(node: NodeSubject, port: InboundPort, peers: readonly Peer[]): readonly ClosedPort[] {
  const filters = savedFilters(node)
  return portsOf(port).flatMap((number) => {
    const peer = peers.find(({ address }) => {
      const filter = filters[address.family]
      if (filter === undefined) return false
      return savedVerdict(filter, 'INPUT', { protocol: port.protocol, port: number, source: address }) === 'drop'
    })
    if (peer === undefined) return []
    return [
      {
        port,
        at: node.at,
        what: `iptables of ${node.name} closes ${printPort(port, number)} to ${peer.name} (${peer.address.text})`,
      },
    ]
  })
}

/** The packet filters of a machine, by address family. */
export function savedFilters({ host }: NodeSubject): Readonly<Record<4 | 6, SavedFilter | undefined>> {
  const { ipv4, ipv6 } = host?.firewall?.saved ?? {}
  const read = (text: string | undefined): SavedFilter | undefined =>
    text === undefined ? undefined : readSavedFilter(text)
  return { 4: read(ipv4), 6: read(ipv6) }
}

function portsOf({ first, last }: InboundPort): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

function printPort({ protocol }: InboundPort, number: number): string {
  return `${protocol.toUpperCase()} ${number}`
}

import type { Address } from '../../domain/cidr.ts'
import type { LocatedLine } from '../../domain/problem.ts'
import { isSwitchedOn } from '../../k3s/config/effective-settings.ts'
import { flannelPorts } from '../../k3s/flannel/flannel-devices.ts'
import { defaultApiPort, type InboundPort, inboundPorts } from '../../k3s/ports/inbound-ports.ts'
import { etcdServersOf, externalAddresses, internalAddresses, type KnownAddress } from '../flannel/node-addresses.ts'
import { flannelConfOf } from '../flannel/pod-network.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'
import { closedBy, documentRules } from './document-firewall.ts'
import { readSavedFilter, type SavedFilter } from './iptables-save.ts'
import { savedVerdict } from './saved-verdict.ts'

/** A port that a node needs open for another one, and something that closes it. */
export interface ClosedPort {
  readonly port: InboundPort
  readonly at: LocatedLine
  /** For people: `input rule "rest" drops UDP 8472 from pi-2 (192.168.1.6)`. */
  readonly what: string
}

/** Ports between nodes that a NodeNetwork, or the packet filter of a machine, certainly closes. */
export function closedPorts(subject: LintSubject): readonly ClosedPort[] {
  const found = known.get(subject) ?? findClosedPorts(subject)
  known.set(subject, found)
  return found
}

/** Half a dozen rules ask, each about its own ports. */
const known = new WeakMap<LintSubject, readonly ClosedPort[]>()

function findClosedPorts(subject: LintSubject): readonly ClosedPort[] {
  const etcd = etcdServersOf(subject)
  return targetsOf(subject).flatMap((target) =>
    neededPorts(subject, target.node, etcd.includes(target.node)).flatMap((port) => {
      const peers = peersOf(subject, target, port, etcd)
      return [...closedInDocuments(subject, target.node, port, peers), ...closedOnMachine(target.node, port, peers)]
    }),
  )
}

interface Target {
  readonly node: NodeSubject
  /** It stands for several nodes with the same rules: each of them is a peer of the others. */
  readonly standsForMany: boolean
}

/** Nodes with rules; of those that have the same rules, and no rule about their own address, one. */
function targetsOf(subject: LintSubject): readonly Target[] {
  const groups = new Map<string, NodeSubject[]>()
  for (const node of subject.nodes) {
    const rules = documentRules(subject, node, 'input').map(({ rule }) => rule)
    if (rules.length === 0 && node.host?.firewall?.saved === undefined) continue
    const isOwn = node.host !== undefined || rules.some((rule) => rule.to !== undefined)
    const networks = node.networks.map(({ metadata }) => metadata.name).join()
    const key = isOwn ? `node ${node.name}` : `${node.role} ${networks}`
    groups.set(key, [...(groups.get(key) ?? []), node])
  }
  return [...groups.values()].flatMap(([node, ...others]) =>
    node === undefined ? [] : [{ node, standsForMany: others.length > 0 }],
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
  target: Target,
  port: InboundPort,
  etcd: readonly NodeSubject[],
): readonly Peer[] {
  const nodes = port.use === 'etcd' ? etcd : port.from === 'servers' ? serversOf(subject) : subject.nodes
  const isExternal =
    port.use === 'overlay' && serversOf(subject).some(({ settings }) => isSwitchedOn(settings, 'flannel-external-ip'))
  const names = new Set(subject.nodes.map(({ name }) => name))
  const fromFacts = port.from === 'nodes' ? subject.facts.nodes.filter(({ name }) => !names.has(name)) : []
  const all = [
    ...nodes,
    ...fromFacts.map((facts) => ({ ...target.node, name: facts.name, facts, settings: new Map() })),
  ]
  return all
    .filter(({ name }) => target.standsForMany || name !== target.node.name)
    .flatMap((node) => {
      const external = isExternal ? externalAddresses(node) : []
      return (external.length > 0 ? external : internalAddresses(node)).map((address) => ({ name: node.name, address }))
    })
    .filter(({ address }) => port.family === 'any' || address.family === port.family)
}

function closedInDocuments(
  subject: LintSubject,
  node: NodeSubject,
  port: InboundPort,
  peers: readonly Peer[],
): readonly ClosedPort[] {
  const rules = documentRules(subject, node, 'input')
  if (rules.length === 0) return []
  const destinations = internalAddresses(node)
  const ask = (number: number, source: Address | undefined) =>
    closedBy(rules, {
      protocol: port.protocol,
      port: number,
      destinations,
      ...(source === undefined ? {} : { source }),
    })
  return portsOf(port).flatMap((number) => {
    const everybody = ask(number, undefined)
    const peer = everybody === undefined ? peers.find(({ address }) => ask(number, address) !== undefined) : undefined
    const rule = everybody ?? (peer === undefined ? undefined : ask(number, peer.address))
    if (rule === undefined) return []
    const verb = rule.rule.action === 'Reject' ? 'rejects' : 'drops'
    return [{ port, at: rule.at, what: `${rule.name} ${verb} ${printPort(port, number)} from ${printPeer(peer)}` }]
  })
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
      { port, at: node.at, what: `iptables of ${node.name} drops ${printPort(port, number)} from ${printPeer(peer)}` },
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

function printPeer(peer: Peer | undefined): string {
  return peer === undefined ? 'every other node' : `${peer.name} (${peer.address.text})`
}

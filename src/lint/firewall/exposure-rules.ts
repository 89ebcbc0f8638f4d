import { internalAddresses } from '../flannel/node-addresses.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { closedBy, type DocumentRule, documentRules } from './document-firewall.ts'
import { portsOpenToEverybody } from './management-ports.ts'
import { openManagement, openVxlan } from './open-ports.ts'
import { portsByRule } from './ports-by-rule.ts'

const sources = ['k3s-io/docs docs/installation/requirements.md']

/** What rules open to everybody, or close to everybody. */
export const exposureRules: readonly Rule[] = [
  {
    id: 'fw-vxlan-public',
    severity: 'error',
    title: 'the VXLAN port is open to everybody',
    why: 'VXLAN asks nobody who they are: whoever reaches the port can send packets into the pod network',
    fix: 'accept it from the addresses of the nodes only',
    versions: 'every version',
    looksAt: ['settings', 'host'],
    sources,
    check: (subject) => openVxlan(subject),
  },
  {
    id: 'fw-exposure',
    severity: 'warning',
    title: 'a management port is open to everybody',
    why: 'SSH, the API server and the kubelet are where a cluster is taken over; whoever need not reach them should not',
    fix: 'say in from who may, and write who administers into spec.firewall.management.from: while that is empty, SSH and the API server stay open to everybody',
    versions: 'every version',
    looksAt: ['settings', 'host'],
    sources,
    check: (subject) => openManagement(subject),
  },
  {
    id: 'fw-failsafe',
    severity: 'error',
    title: 'a rule that would lock everybody out',
    why: 'through these ports a node and its cluster are administered; as long as nobody is named who does so they stay open to everybody, whatever the rule says',
    fix: 'write the ranges that you administer from into spec.firewall.management.from',
    versions: 'every version',
    looksAt: ['settings'],
    sources: ['k3s-io/docs docs/installation/requirements.md'],
    check: lockouts,
  },
  {
    id: 'fw-slb-ports',
    severity: 'warning',
    title: 'a LoadBalancer port is closed on a node that offers it',
    why: 'the Service announces the address of this node, and connections to it are dropped',
    fix: 'accept the port before the rule that closes it, or keep the Service off this node with a pool',
    versions: 'every version',
    looksAt: ['live', 'settings'],
    sources,
    check: (subject) => subject.nodes.flatMap((node) => closedServices(subject, node)),
  },
]

/** A rule that names no port is the end of a default deny: the failsafes let administrators through before it. */
function lockouts(subject: LintSubject): readonly Finding[] {
  const closed = subject.nodes.flatMap((node) => {
    const rules = documentRules(subject, node, 'input')
    const destinations = internalAddresses(node)
    return portsOpenToEverybody(subject, node).flatMap((port) => {
      const by = closedBy(rules, { protocol: 'tcp', port, destinations })
      return by?.rule.ports === undefined ? [] : [{ by, port }]
    })
  })
  return portsByRule(closed).map(({ by, ports }) => ({
    at: by.at,
    what: `${by.name} would close TCP ${ports} to everybody, and spec.firewall.management.from names nobody who may still come in`,
  }))
}

/** A port that some may reach is closed on purpose to the others; what nobody can close is not closed. */
function closedServices(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  const rules = documentRules(subject, node, 'services')
  if (rules.length === 0) return []
  const own = new Set([...node.facts.addresses, ...(node.facts.externalAddresses ?? [])])
  const destinations = internalAddresses(node)
  const open = portsOpenToEverybody(subject, node)
  return subject.services.flatMap(({ service }) => {
    const isHere = service.statusAddresses?.some((address) => own.has(address)) === true
    if (service.type !== 'LoadBalancer' || !isHere) return []
    return (service.ports ?? []).flatMap(({ protocol, port }): Finding[] => {
      if (protocol === 'SCTP' || (protocol === 'TCP' && open.includes(port))) return []
      const rule: DocumentRule | undefined = closedBy(rules, {
        protocol: protocol === 'TCP' ? 'tcp' : 'udp',
        port,
        destinations,
      })
      if (rule === undefined) return []
      const what = `${rule.name} closes ${protocol} ${port} of Service ${service.namespace}/${service.name} on ${node.name}`
      return [{ at: rule.at, what }]
    })
  })
}

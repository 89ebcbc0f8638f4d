import { parsePortRange } from '../../k3s/addressing/port-range.ts'
import { scalarOf } from '../../k3s/config/effective-settings.ts'
import type { NodeNetwork } from '../../schema/documents.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'
import { type DocumentRule, documentRules, isCatchAll } from './document-firewall.ts'
import { portsOpenToEverybody } from './management-ports.ts'
import { covers, portRange } from './rule-cover.ts'

const lists = ['input', 'services', 'forward'] as const

/** Rules that are well-formed and do not do what they look like. */
export const effectRules: readonly Rule[] = [
  {
    id: 'fw-no-effect',
    severity: 'warning',
    title: 'a rule that is never asked, because a failsafe lets the traffic through before',
    why: 'SSH and the API server are open to spec.firewall.management.from, which is everybody while it is empty; nothing can close them to those who administer the node',
    fix: 'write the ranges that you administer from into spec.firewall.management.from',
    versions: 'every version',
    looksAt: ['settings'],
    sources: ['k3s-io/docs docs/installation/requirements.md'],
    check: (subject) => unique(subject.nodes.flatMap((node) => withoutEffect(subject, node))),
  },
  {
    id: 'fw-shadowed',
    severity: 'warning',
    title: 'a rule behind another one that takes all of its packets',
    why: 'the first rule that matches decides, so this one never does',
    fix: 'move it before the other one, or take it out',
    versions: 'every version',
    looksAt: ['settings'],
    sources: ['iptables(8) TARGETS'],
    check: (subject) => unique(subject.nodes.flatMap((node) => lists.flatMap((list) => shadowed(subject, node, list)))),
  },
  {
    id: 'fw-nodeport-list',
    severity: 'warning',
    title: 'a rule about NodePorts in a list that NodePorts do not pass',
    why: 'a Service is translated before input and forward are asked: they see the port of the pod',
    fix: 'move the rule to services',
    versions: 'every version',
    looksAt: ['settings'],
    sources: ['k3s-io/k3s #5142, kubernetes/kubernetes #71810'],
    check: (subject) => unique(subject.nodes.flatMap((node) => nodePortsElsewhere(subject, node))),
  },
  {
    id: 'fw-nodeport-range',
    severity: 'warning',
    title: 'a rule about NodePorts that is not about the NodePorts of this cluster',
    why: 'it names a range of ports that Services do not get',
    fix: 'write the range of spec.addressing.serviceNodePortRange',
    versions: 'every version',
    looksAt: ['settings'],
    sources: ['k3s-io/docs docs/cli/server.md'],
    check: (subject) => unique(subject.nodes.flatMap((node) => foreignRange(subject, node))),
  },
  {
    id: 'fw-services-all',
    severity: 'warning',
    title: 'a deny for everything in services',
    why: 'every packet to an address of the node passes services first, also those that input would accept: its Accepts come too late for all but the failsafes',
    fix: 'name the ports in the rule, like ["30000-32767"], or accept in services what input accepts',
    versions: 'every version',
    looksAt: ['settings'],
    sources: ['k3s-io/k3s #10980'],
    check: (subject) =>
      unique(
        subject.nodes.flatMap((node) =>
          documentRules(subject, node, 'services')
            .filter((one) => one.rule.action === 'Drop' && isCatchAll(one))
            .filter(() => documentRules(subject, node, 'input').some(({ rule }) => rule.action === 'Accept'))
            .map(({ at, name }) => ({
              at,
              what: `${name} drops every packet to the node that no failsafe lets through, before input is asked`,
            })),
        ),
      ),
  },
  {
    id: 'fw-plane-differs',
    severity: 'warning',
    title: 'two documents want the rules of one node held in different ways',
    why: 'a node has one mechanism for all of its rules; the first document that says it counts',
    fix: 'write plane and backend in one of them',
    versions: 'every version',
    looksAt: ['settings'],
    sources: ['xtables-nft(8)'],
    check: (subject) => unique(subject.nodes.flatMap((node) => differingPlanes(subject, node))),
  },
]

/** One finding a rule, whichever nodes it is for. */
export function unique(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((one) => [JSON.stringify([one.what, one.at.place]), one])).values()]
}

function withoutEffect(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  const open = portsOpenToEverybody(subject, node)
  return lists.slice(0, 2).flatMap((list) =>
    documentRules(subject, node, list).flatMap(({ rule, at, name }) => {
      if (rule.action === 'Accept' || rule.ports === undefined || rule.protocol !== 'tcp') return []
      const useless = rule.ports.map(portRange).every(([first, last]) => first === last && open.includes(first))
      return useless
        ? [
            {
              at,
              what: `${name} is never asked about TCP ${rule.ports.join(', ')}: spec.firewall.management.from is empty`,
            },
          ]
        : []
    }),
  )
}

function shadowed(subject: LintSubject, node: NodeSubject, list: (typeof lists)[number]): readonly Finding[] {
  const rules = documentRules(subject, node, list)
  // Beyond this a node has a program, not a list that somebody reads.
  if (rules.length > 1000) return []
  return rules.flatMap(({ rule, at, name }, index): Finding[] => {
    const before = rules.slice(0, index).find((earlier) => covers(earlier.rule, rule))
    if (before === undefined) return []
    const finding = { at, what: `${name} is never asked: ${before.name} takes all of its packets` }
    return before.rule.action === rule.action ? [{ ...finding, severity: 'notice' }] : [finding]
  })
}

function nodePortRange(subject: LintSubject): readonly [number, number] {
  const [server] = serversOf(subject)
  const text = server === undefined ? undefined : scalarOf(server.settings, 'service-node-port-range')?.text
  const range = text === undefined ? undefined : parsePortRange(text)
  return range === undefined ? [30_000, 32_767] : [range.first, range.last]
}

function nodePortsElsewhere(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  const [first, last] = nodePortRange(subject)
  return (['input', 'forward'] as const).flatMap((list) =>
    documentRules(subject, node, list).flatMap((one: DocumentRule) => {
      const isMeant =
        one.rule.action !== 'Accept' &&
        one.rule.ports?.map(portRange).every(([from, to]) => first <= from && to <= last) === true
      return isMeant ? [{ at: one.at, what: `${one.name} closes NodePorts, which ${list} never sees` }] : []
    }),
  )
}

/** A hundred ports in a row are no hostPorts. */
const manyPorts = 100

function foreignRange(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  const [first, last] = nodePortRange(subject)
  return documentRules(subject, node, 'services').flatMap(({ rule, at, name }) =>
    (rule.ports ?? []).flatMap((port) => {
      const [from, to] = portRange(port)
      if (to - from < manyPorts || (from <= last && first <= to)) return []
      return [{ at, what: `${name} names ports ${port}; NodePorts of this cluster are ${first}-${last}` }]
    }),
  )
}

function differingPlanes(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  return (['plane', 'backend'] as const).flatMap((field) => {
    const written = node.networks.filter(({ spec }) => spec.firewall[field] !== undefined)
    const [first] = written
    const other = written.find(({ spec }) => spec.firewall[field] !== first?.spec.firewall[field])
    if (first === undefined || other === undefined) return []
    const value = (one: NodeNetwork) => `${one.spec.firewall[field] ?? ''} in NodeNetwork ${one.metadata.name}`
    return [
      {
        at: subject.desired?.places.nodePlace(other.metadata.name, ['spec', 'firewall', field]) ?? node.at,
        what: `spec.firewall.${field} of ${node.name} is ${value(first)} and ${value(other)}`,
      },
    ]
  })
}

import { formatAddress, parseAddress } from '../../domain/cidr.ts'
import type { LocatedLine } from '../../domain/problem.ts'
import { unfitKindOf } from '../../k3s/addressing/address-kinds.ts'
import { itemsOf } from '../../k3s/config/effective-settings.ts'
import { printNode } from '../consistency/told-nodes.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'

const keys = ['node-ip', 'node-external-ip'] as const
const shared = { severity: 'error', versions: 'every version' } as const

export const nodeIpParse: Rule = {
  ...shared,
  id: 'node-ip-parse',
  title: 'node-ip or node-external-ip is no address',
  why: 'K3s refuses to start over it',
  fix: 'write IP addresses, neither names nor ranges, as a list without spaces',
  looksAt: ['settings'],
  sources: ['k3s-io/k3s pkg/util/net.go (ParseStringSliceToIPs)'],
  check: (subject) =>
    writtenAddresses(subject).flatMap(({ key, text, at }) =>
      parseAddress(text) === undefined ? [{ at, what: `${key} has ${JSON.stringify(text)}, which is no address` }] : [],
    ),
}

export const nodeIpLoopback: Rule = {
  ...shared,
  id: 'node-ip-loopback',
  title: 'node-ip or node-external-ip is no address that another machine can reach',
  why: 'the kubelet and etcd refuse it, and no other node could reach this one',
  fix: 'write the address that the other nodes reach this one at',
  looksAt: ['settings'],
  sources: ['kubernetes/kubernetes pkg/kubelet/kubelet_node_status.go (validateNodeIP)'],
  check: (subject) =>
    writtenAddresses(subject).flatMap(({ key, text, at }): Finding[] => {
      const address = parseAddress(text)
      const kind = address === undefined ? undefined : unfitKindOf(address)
      return kind === undefined ? [] : [{ at, what: `${key} ${text} is ${articles[kind]} ${kind} address` }]
    }),
}

const articles = { unspecified: 'an', loopback: 'a', multicast: 'a', 'link-local': 'a', broadcast: 'a' } as const

interface WrittenAddress {
  readonly key: (typeof keys)[number]
  readonly text: string
  readonly at: LocatedLine
}

function writtenAddresses({ nodes }: LintSubject): readonly WrittenAddress[] {
  return nodes.flatMap(({ settings }) =>
    keys.flatMap((key) => itemsOf(settings, key).map(({ text, at }) => ({ key, text, at }))),
  )
}

export const nodeIpDuplicate: Rule = {
  ...shared,
  id: 'node-ip-dup',
  title: 'two nodes have the same address',
  why: 'traffic for one of them reaches the other, and tunnels to both end at one',
  fix: 'give each node the address that it has; in a NodeNetwork for several nodes leave the field out',
  looksAt: ['settings', 'live'],
  sources: ['k3s-io/docs docs/cli/agent.md'],
  check: (subject) => keys.flatMap((key) => duplicates(subject, key)),
}

function duplicates({ nodes }: LintSubject, key: WrittenAddress['key']): Finding[] {
  const owners = new Map<string, NodeSubject>()
  return nodes.flatMap((node) =>
    addressesOf(node, key).flatMap(({ text, at }): Finding[] => {
      const address = parseAddress(text)
      if (address === undefined) return []
      const canonical = formatAddress(address)
      const owner = owners.get(canonical)
      if (owner === undefined) owners.set(canonical, node)
      // Two entries of one name are told of by node-name-unique.
      if (owner === undefined || owner.name === node.name) return []
      return [{ at, what: `${key} ${canonical} is that of ${printNode(owner)} and of ${printNode(node)}` }]
    }),
  )
}

/** What is written, else what the node announces; an external address may come from a cloud and says less. */
function addressesOf(node: NodeSubject, key: WrittenAddress['key']): readonly Omit<WrittenAddress, 'key'>[] {
  const written = itemsOf(node.settings, key)
  if (written.length > 0 || key !== 'node-ip') return written
  return node.facts.addresses.map((text) => ({ text, at: node.at }))
}

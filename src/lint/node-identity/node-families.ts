import { type AddressFamily, parseAddress } from '../../domain/cidr.ts'
import { itemsOf } from '../../k3s/config/effective-settings.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import { clusterFamiliesOf, placeOfKey, plansOf } from '../addressing/server-plans.ts'
import { isTold, printNode } from '../consistency/told-nodes.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { isNameless } from './nameless.ts'

const shared = { severity: 'error', looksAt: ['settings'] } as const

export const nodeIpFamilies: Rule = {
  ...shared,
  id: 'node-ip-families',
  title: 'a node has no address of a family of the cluster',
  why: 'K3s on the node refuses to start: node-ip and cluster-cidr must have the same families',
  fix: 'write one address of each family of cluster-cidr into node-ip',
  versions: 'every version',
  sources: ['k3s-io/k3s pkg/agent/run.go'],
  check(subject) {
    const families = clusterFamiliesOf(plansOf(subject))
    if (families === undefined) return []
    return subject.nodes.flatMap((node): Finding[] => {
      const own = writtenFamilies(node)
      if (own === undefined) return []
      if (own.length === 0) return families.length > 1 ? notFound(subject, node) : []
      const missing = families.filter((family) => !own.includes(family))
      if (missing.length === 0) return []
      return [
        {
          at: node.settings.get('node-ip')?.at ?? node.at,
          what: `node-ip ${printItems(node)} has no ${printFamilies(missing)}, and cluster-cidr has ${printFamilies(families)}`,
        },
      ]
    })
  },
}

/** Releases that find one address only when they are not told both. */
function notFound(subject: LintSubject, node: NodeSubject): Finding[] {
  const { version } = node
  if (version === undefined || supports('node-ip-both-families', version) || !lacksAddress(subject, node)) return []
  const what = `${withoutNodeIp(node)}, and ${version.text} finds the address of one family only`
  return [{ at: placeOfLack(subject, node), what }]
}

export const nodeIpOrder: Rule = {
  ...shared,
  id: 'node-ip-order',
  title: 'the first node-ip is not of the first family of cluster-cidr',
  why: 'before 1.26.15 / 1.27.12 / 1.28.8 / 1.29.3 the node announces itself by the wrong family; later ones put node-ip into order',
  fix: 'write node-ip in the order of cluster-cidr',
  versions: 'every version; a warning since 1.26.15 / 1.27.12 / 1.28.8 / 1.29.3',
  sources: ['k3s-io/k3s pkg/agent/config/config.go'],
  check(subject) {
    const families = clusterFamiliesOf(plansOf(subject))
    if (families === undefined) return []
    return subject.nodes.flatMap((node): Finding[] => {
      const own = writtenFamilies(node)
      const [first] = families
      if (own === undefined || first === undefined || own[0] === first || !own.includes(first)) return []
      const isPutIntoOrder = node.version === undefined || supports('node-ip-order-follows-cluster-cidr', node.version)
      return [
        {
          at: node.settings.get('node-ip')?.at ?? node.at,
          what: `node-ip ${printItems(node)} begins with IPv${own[0]}, and cluster-cidr with IPv${first}`,
          ...(isPutIntoOrder ? { severity: 'warning' } : {}),
        },
      ]
    })
  },
}

export const nodeIpExplicit: Rule = {
  ...shared,
  id: 'node-ip-explicit-v6first',
  title: 'a cluster that begins with IPv6 has a node without node-ip',
  why: 'K3s finds the IPv4 address of a node first, which is not the family that the cluster begins with',
  fix: 'write node-ip on every node, the IPv6 address first',
  versions: 'every version',
  sources: ['k3s-io/k3s pkg/util/net.go (GetHostnameAndIPs)'],
  check(subject) {
    const families = clusterFamiliesOf(plansOf(subject))
    if (families?.[0] !== 6 || !families.includes(4)) return []
    return subject.nodes.flatMap((node): Finding[] =>
      lacksAddress(subject, node) ? [{ at: placeOfLack(subject, node), what: withoutNodeIp(node) }] : [],
    )
  },
}

/** Whether K3s on the node is told no address; nodes that nobody named may have one that nobody wrote here. */
function lacksAddress(subject: LintSubject, node: NodeSubject): boolean {
  if (itemsOf(node.settings, 'node-ip').length > 0 || !isTold(subject, node)) return false
  // The interface that flannel is given gives its addresses.
  if (node.settings.has('flannel-iface')) return false
  return !isNameless(node) || subject.nodes.every((other) => !other.settings.has('node-ip'))
}

/** Of nodes that nobody named it is known that none of them has one. */
function withoutNodeIp(node: NodeSubject): string {
  return isNameless(node) ? `node-ip is written for no ${node.role}` : `${printNode(node)} has no node-ip`
}

/** The ranges that ask for it, where no document speaks of the node. */
function placeOfLack(subject: LintSubject, node: NodeSubject): NodeSubject['at'] {
  const told = plansOf(subject).find((one) => one.node.settings.has('cluster-cidr'))
  return isNameless(node) && told !== undefined ? placeOfKey(told.node, 'cluster-cidr') : node.at
}

/** The families of node-ip in their order, empty where it is not written; undefined where one is no address. */
function writtenFamilies(node: NodeSubject): readonly AddressFamily[] | undefined {
  const items = itemsOf(node.settings, 'node-ip')
  const known = items.flatMap(({ text }) => parseAddress(text)?.family ?? [])
  return known.length === items.length ? known : undefined
}

function printItems(node: NodeSubject): string {
  return itemsOf(node.settings, 'node-ip')
    .map(({ text }) => text)
    .join(', ')
}

function printFamilies(families: readonly AddressFamily[]): string {
  return families.map((family) => `IPv${family}`).join(', ')
}

import type { ClusterNodes, NodeFacts } from '../domain/facts.ts'
import { known, unlessEmpty } from '../domain/plain-json.ts'
import type { DesiredState } from '../schema/documents.ts'
import { networksOfNode } from './networks-of-node.ts'

/** What flannel tells the others of itself. */
const flannelAnnotation = /^flannel\.alpha\.coreos\.com\//
const etcdLabel = 'node-role.kubernetes.io/etcd'

/**
 * The nodes as far as the program of one may depend on the others. Whatever else changes of a node (labels that choose
 * documents, taints, readiness) changes no program but its own.
 */
export function neighboursOf(desired: DesiredState, facts: ClusterNodes): ClusterNodes {
  const chosenBy = new Set(desired.nodes.flatMap(({ spec }) => Object.keys(spec.nodes.matchLabels ?? {})))
  const { origin, hasAllNodes, departed = [] } = facts
  return known<ClusterNodes>({
    origin,
    hasAllNodes,
    nodes: facts.nodes.map((node) => seen(desired, chosenBy, node)),
    departed: unlessEmpty(departed.map((node) => seen(desired, chosenBy, node))),
  })
}

function seen(desired: DesiredState, chosenBy: ReadonlySet<string>, node: NodeFacts): NodeFacts {
  const { name, role, addresses, externalAddresses = [], podCIDRs, labels, annotations = {} } = node
  const written = networksOfNode(desired.nodes, node).flatMap(({ spec }) => [
    ...(spec.nodeIP ?? []),
    ...(spec.externalIP ?? []),
  ])
  return known<NodeFacts>({
    name,
    role,
    // Flags of servers are looked at by all: where their API listens, whether they carry etcd.
    labels: role === 'server' ? only(labels, (key) => key === etcdLabel || chosenBy.has(key)) : {},
    addresses,
    externalAddresses: unlessEmpty([...new Set([...externalAddresses, ...written])].sort()),
    podCIDRs,
    annotations: only(annotations, (key) => flannelAnnotation.test(key)),
  })
}

function only(texts: Readonly<Record<string, string>>, isWanted: (key: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([key]) => isWanted(key)))
}

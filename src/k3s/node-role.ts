import type { NodeFacts, NodeRole } from '../domain/facts.ts'

/**
 * Set by the servers themselves on every node that runs a part of the control plane; etcd alone counts as well, it is a
 * server. The admission plugin NodeRestriction, which K3s always has on, lets no kubelet write them on its own node.
 * @see k3s-io/k3s pkg/server/server.go (`setNodeLabelsAndAnnotations`), pkg/etcd/member_controller.go
 * @see kubernetes/kubernetes plugin/pkg/admission/noderestriction/admission.go (`getForbiddenLabels`)
 */
const serverLabels = ['control-plane', 'master', 'etcd'].map((role) => `node-role.kubernetes.io/${role}`)

/**
 * The role of a node that an API shows. Annotations are written with the node's own credential, so what K3s says there of
 * its start may take the role of a server away, never give it.
 */
export function roleInCluster(node: Pick<NodeFacts, 'labels' | 'annotations'>): NodeRole {
  return serverLabels.some((label) => node.labels[label] !== undefined) && !saysAgent(node) ? 'server' : 'agent'
}

/** K3s says that it was started as an agent. @see k3s-io/k3s pkg/nodeconfig/nodeconfig.go */
export function saysAgent({ annotations }: Pick<NodeFacts, 'annotations'>): boolean {
  return /^\s*\[\s*"agent"\s*[,\]]/.test(annotations?.['k3s.io/node-args'] ?? '')
}

import type { KubernetesObject } from '../domain/facts.ts'
import { clusterLabel, fairleadNames, fairleadNamespace } from '../domain/fairlead-api.ts'

const group = 'fairlead.dev'
const rbac = 'rbac.authorization.k8s.io'

/**
 * What the agent of one node may do, and nobody else may do for it: read its own program and say how it stands.
 * @returns a Role and then its RoleBinding
 */
export function agentRoles(node: string, cluster: string): readonly KubernetesObject[] {
  const name = `fairlead-agent-${node}`
  const own = { apiGroups: [group], resourceNames: [node] }
  return [
    role(name, cluster, [
      { ...own, resources: ['nodeprograms'], verbs: ['get', 'list', 'watch'] },
      { ...own, resources: ['nodeprograms/status'], verbs: ['patch', 'update'] },
    ]),
    // The name by which the API server knows the certificate of a kubelet.
    binding(name, cluster, { kind: 'User', name: `system:node:${node}` }),
  ]
}

/** What all agents may do: read what several programs have in common, and the keys that programs are signed with. */
export function sharedAgentRoles(cluster: string): readonly KubernetesObject[] {
  const name = 'fairlead-agents'
  return [
    role(name, cluster, [
      { apiGroups: [group], resources: ['programcontents'], verbs: ['get'] },
      { apiGroups: [''], resources: ['configmaps'], resourceNames: [fairleadNames.publicKeys], verbs: ['get'] },
    ]),
    binding(name, cluster, { kind: 'Group', name: 'system:nodes' }),
  ]
}

function role(name: string, cluster: string, rules: readonly object[]): KubernetesObject {
  return { apiVersion: `${rbac}/v1`, kind: 'Role', metadata: metadata(name, cluster), rules }
}

function binding(
  name: string,
  cluster: string,
  subject: { readonly kind: 'User' | 'Group'; readonly name: string },
): KubernetesObject {
  return {
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata: metadata(name, cluster),
    roleRef: { apiGroup: rbac, kind: 'Role', name },
    subjects: [{ apiGroup: rbac, ...subject }],
  }
}

function metadata(name: string, cluster: string): KubernetesObject['metadata'] {
  return { name, namespace: fairleadNamespace, labels: { [clusterLabel]: cluster } }
}

import { fairleadNames, fairleadNamespace } from '../../domain/fairlead-api.ts'

/** Where a rule holds: in the whole cluster, or in one namespace. */
export type AccessScope = 'cluster' | 'kube-system' | 'fairlead-system'

export interface AccessRule {
  readonly scope: AccessScope
  readonly apiGroup: string
  readonly resources: readonly string[]
  /** Only these objects; `create` has no name to be held to, and is always a rule of its own. */
  readonly names?: readonly string[]
  readonly verbs: readonly string[]
  /** Who needs it, and for what. */
  readonly because: string
}

const read = ['get', 'list', 'watch'] as const

/**
 * Everything that the controller may do, and why. The API lets nobody grant what he has not, so that what the agents get
 * from it is here as well.
 * @see kubernetes/kubernetes pkg/registry/rbac/escalation_check.go
 */
export const controllerAccess: readonly AccessRule[] = [
  {
    scope: 'cluster',
    apiGroup: '',
    resources: ['nodes'],
    verbs: [...read, 'patch'],
    because: 'nodes are rendered for, and get the labels of ServiceLB pools',
  },
  {
    scope: 'cluster',
    apiGroup: '',
    resources: ['services'],
    verbs: [...read, 'patch'],
    because: 'Services are placed, and get the labels of ServiceLB pools',
  },
  {
    scope: 'cluster',
    apiGroup: '',
    resources: ['namespaces'],
    names: ['kube-system', fairleadNamespace],
    verbs: ['get'],
    because: 'the uid of the first is what programs are bound to: a cluster has no other name; the second is our own',
  },
  {
    scope: 'cluster',
    apiGroup: '',
    resources: ['events'],
    verbs: ['create', 'patch'],
    because: 'Events stand beside the object that they are about',
  },
  {
    scope: 'cluster',
    apiGroup: 'helm.cattle.io',
    resources: ['helmcharts', 'helmchartconfigs'],
    verbs: read,
    because: 'charts decide what runs in the cluster, and which Services are theirs',
  },
  {
    scope: 'cluster',
    apiGroup: 'k3s.cattle.io',
    resources: ['addons'],
    verbs: read,
    because: 'what K3s did with the files of its manifests directory',
  },
  {
    scope: 'cluster',
    apiGroup: 'apiextensions.k8s.io',
    resources: ['customresourcedefinitions'],
    verbs: ['create'],
    because: 'definitions of our own kinds that are missing',
  },
  {
    scope: 'cluster',
    apiGroup: 'apiextensions.k8s.io',
    resources: ['customresourcedefinitions'],
    names: ['clusternetworks.fairlead.dev', 'nodeprograms.fairlead.dev', 'programcontents.fairlead.dev'],
    verbs: ['get', 'patch'],
    because: 'definitions of our own kinds that are of another release',
  },
  {
    scope: 'cluster',
    apiGroup: 'apps',
    resources: ['daemonsets'],
    verbs: read,
    because: 'DaemonSets of ServiceLB, which were in the namespaces of their Services before K3s 1.24.2',
  },
  {
    scope: 'kube-system',
    apiGroup: 'apps',
    resources: ['daemonsets'],
    verbs: ['delete'],
    because: 'those of them whose selector is of before, which K3s makes anew',
  },
  {
    scope: 'fairlead-system',
    apiGroup: 'fairlead.dev',
    resources: ['clusternetworks', 'nodeprograms', 'programcontents'],
    verbs: [...read, 'create', 'update', 'patch', 'delete'],
    because: 'what is published, and the record of it',
  },
  {
    scope: 'fairlead-system',
    apiGroup: 'fairlead.dev',
    resources: ['clusternetworks/status', 'nodeprograms/status'],
    verbs: ['get', 'update', 'patch'],
    because: 'the record of the cluster; what agents may write is granted by the controller, who therefore has it',
  },
  {
    scope: 'fairlead-system',
    apiGroup: 'coordination.k8s.io',
    resources: ['leases'],
    verbs: ['create'],
    because: 'the Lease of the leader, made once',
  },
  {
    scope: 'fairlead-system',
    apiGroup: 'coordination.k8s.io',
    resources: ['leases'],
    names: [fairleadNames.leaderLease],
    verbs: ['get', 'update'],
    because: 'of several controllers one leads',
  },
  {
    scope: 'fairlead-system',
    apiGroup: '',
    resources: ['configmaps'],
    verbs: ['create'],
    because: 'the two below, made once',
  },
  {
    scope: 'fairlead-system',
    apiGroup: '',
    resources: ['configmaps'],
    names: [fairleadNames.inventory, fairleadNames.publicKeys],
    verbs: ['get', 'patch'],
    because: 'what was written to objects of others; the keys by which agents know whose programs are real',
  },
  {
    scope: 'fairlead-system',
    apiGroup: '',
    resources: ['secrets'],
    verbs: ['create'],
    because: 'the key that signs programs, made once',
  },
  {
    scope: 'fairlead-system',
    apiGroup: '',
    resources: ['secrets'],
    names: [fairleadNames.signingKey],
    verbs: ['get'],
    because: 'the key that signs programs, and no other Secret',
  },
  {
    scope: 'fairlead-system',
    apiGroup: 'rbac.authorization.k8s.io',
    resources: ['roles', 'rolebindings'],
    verbs: [...read, 'create', 'patch', 'delete'],
    because: 'each node may read its own program; nothing can be granted that is not in this table',
  },
]

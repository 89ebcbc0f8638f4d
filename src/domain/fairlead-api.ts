import type { KubernetesObject } from './facts.ts'

/** Where everything of ours in the Kubernetes API lives; deleting it takes Fairlead out of a cluster. */
export const fairleadNamespace = 'fairlead-system'
export const fairleadApiVersion = 'fairlead.dev/v1alpha1'
/** On every object of ours: which cluster's repository it comes from. */
export const clusterLabel = 'fairlead.dev/cluster'

export const fairleadKinds = {
  clusterNetwork: { apiVersion: fairleadApiVersion, kind: 'ClusterNetwork' },
  nodeProgram: { apiVersion: fairleadApiVersion, kind: 'NodeProgram' },
  /** A large part of programs, shared by all that hold it: `data`, and nothing else. */
  programContent: { apiVersion: fairleadApiVersion, kind: 'ProgramContent' },
} as const

/** In `fairleadNamespace`. */
export const fairleadNames = {
  leaderLease: 'fairlead-controller',
  /** ConfigMap: what this installation wrote to objects that are somebody else's, and whether it may. */
  inventory: 'fairlead-inventory',
  /** Secret with the private key that signs programs; only the controller may read it. */
  signingKey: 'fairlead-signing-key',
  /** ConfigMap with the public keys: `<key id>` → PEM. */
  publicKeys: 'fairlead-public-keys',
} as const

/** An object of ours is named by the digest of its content: SHA-256 in hex. */
export function contentName(digest: string): string {
  return `sha256-${digest}`
}

/** `v1 Namespace`, which is part of no list of ours but of every installation. */
export const fairleadNamespaceObject: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: fairleadNamespace },
}

import type * as z from 'zod'
import type { LocatedLine } from '../domain/problem.ts'
import type { ManifestObject } from '../text/manifest-objects.ts'
import type { clusterNetworkSchema } from './cluster-network.ts'
import type { nodeNetworkSchema } from './node-network.ts'

/** The network of one cluster, checked, with every default filled in. */
export type ClusterNetwork = DeepReadonly<z.output<typeof clusterNetworkSchema>>

/** What is particular to some nodes, checked, with every default filled in. */
export type NodeNetwork = DeepReadonly<z.output<typeof nodeNetworkSchema>>

export type DocumentKind = 'ClusterNetwork' | 'NodeNetwork'

/** One file for the manifests directory of every server, as it is. */
export interface ManifestSource {
  /** Relative to the manifests directory: `sub/lan.yaml`. */
  readonly name: string
  readonly text: string
  /** From the repository's root: `clusters/home/manifests/sub/lan.yaml`. */
  readonly file: string
  /** The text is a SOPS file, decrypted only on the servers that it is written to. */
  readonly isEncrypted?: true
  /** What is in it, where somebody has read it: large manifests are not read twice. */
  readonly objects?: readonly ManifestObject[]
}

/** One Helm chart archive of the cluster directory's `charts/`. */
export interface ChartArchive {
  /** Relative to `charts/`: `cilium-1.17.4.tgz`. */
  readonly name: string
  readonly base64: string
  readonly sizeBytes: number
  /** From the repository's root. */
  readonly file: string
}

/** Everything that a cluster directory says. */
export interface DesiredState {
  readonly cluster: ClusterNetwork
  /** Sorted by name. */
  readonly nodes: readonly NodeNetwork[]
  /** Sorted by name, bytewise. */
  readonly manifests: readonly ManifestSource[]
  /** The manifests of CNI plugins in `cni/`, to be patched; sorted by name. */
  readonly vendored: readonly ManifestSource[]
  /** Sorted by name. */
  readonly charts: readonly ChartArchive[]
  /** From the repository's root: `clusters/home`. */
  readonly clusterDirectory: string
  readonly places: Places
}

/** From a document's root: `['spec', 'loadBalancer', 'pools', 0, 'name']`. */
export type DocumentPath = readonly (string | number)[]

/**
 * Where in the repository a value was written, through `extends`. A path that nobody wrote (a default) gives the
 * nearest written parent.
 */
export interface Places {
  clusterPlace(path: DocumentPath): LocatedLine
  /** @param name `metadata.name` of the NodeNetwork */
  nodePlace(name: string, path: DocumentPath): LocatedLine
}

type DeepReadonly<T> = T extends string | number | boolean | undefined | null
  ? T
  : T extends readonly (infer Item)[]
    ? readonly DeepReadonly<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
      : T

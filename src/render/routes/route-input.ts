import type { NodeNetwork } from '../../schema/documents.ts'

/** One NodeNetwork and where it stands: `clusters/home/nodes/edge.yaml`. */
export interface PlacedNetwork {
  readonly network: NodeNetwork
  readonly file: string
}

/** What routes depend on besides their documents. */
export interface RouteContext {
  readonly clusterCIDRs: readonly string[]
  readonly serviceCIDRs: readonly string[]
  /** Addresses of the nodes, or the networks that they are in. */
  readonly nodeNetworks: readonly string[]
  /** Bits of the packet mark that are ours; 0xf0 when absent. Adjacent ones. */
  readonly markMask?: number
}

/** An entry of a document that cannot be carried out. */
export interface RefusedEntry {
  /** `clusters/home/nodes/edge.yaml spec.egress[15]`. */
  readonly origin: string
  readonly reason: string
}

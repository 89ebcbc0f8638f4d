import type { ClusterObservation } from '../domain/cluster-observation.ts'
import type { Facts } from '../domain/facts.ts'

/** A cluster as watches tell it: of each object only what decides about anything. */
export interface WatchedClusterPort {
  /** Resolves once nodes and Services are complete for the first time; rejects when it was ended before. */
  readonly ready: Promise<void>
  /** No watch that tells of nodes and Services is interrupted: what is missing is really not there. */
  isCurrent(): boolean
  /** The same value until something of it changes. */
  facts(): Facts
  observed(): ClusterObservation
}

/** Which part of a cluster changed. */
export type WatchedPart = 'nodes' | 'services' | 'daemon-sets' | 'objects'

import type { ClockPort } from '../../ports/clock-port.ts'
import type { ClusterInventoryPort } from '../../ports/cluster-inventory-port.ts'
import type { ControllerMetricsPort } from '../../ports/controller-metrics-port.ts'
import type { KubeEventsPort, KubeObjectsPort, KubeWatchPort, LeaderPort } from '../../ports/kube-objects-port.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { GitSourcePort } from '../../ports/repository-port.ts'
import type { WatchedClusterPort, WatchedPart } from '../../ports/watched-cluster-port.ts'

export interface ControllerSettings {
  /** Release of Fairlead: what a newer one wrote of our kinds is left as it is. */
  readonly version: string
  /** Below `clusters/`; undefined takes the only one there is. */
  readonly cluster: string | undefined
  readonly intervalMs: number
  /** Cron expression of a look at everything anew, in its time zone. */
  readonly resync: { readonly schedule: string; readonly timeZone: string } | undefined
  /** PKCS #8, PEM; the key of the Secret unless given. */
  readonly signingKey: string | undefined
  /** A node that is not in the cluster for so long is gone for good. */
  readonly goneAfterMs: number
  /** So long after the last program that refers to it, a content is removed. */
  readonly contentGraceMs: number
}

export const controllerDefaults = { goneAfterMs: 600_000, contentGraceMs: 600_000 } as const

export interface ControllerPorts {
  readonly objects: KubeObjectsPort & KubeWatchPort
  readonly git: GitSourcePort
  readonly leader: LeaderPort
  readonly events: KubeEventsPort
  readonly clock: ClockPort
  readonly log: LogPort
  readonly metrics: ControllerMetricsPort
  readonly watchCluster: (changed: (part: WatchedPart) => void, signal: AbortSignal) => WatchedClusterPort
  /** The inventory of labels, for who may write. */
  readonly openInventory: (objects: KubeObjectsPort) => ClusterInventoryPort
}

export type ControllerTarget = 'source' | 'publish' | 'access' | 'cluster' | 'permits' | 'record'

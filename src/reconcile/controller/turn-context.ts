import type { Failure } from '../../domain/failure.ts'
import type { Revision } from '../../domain/revision.ts'
import type { PermitDecision } from '../../plan/permits/decide-permits.ts'
import type { ClusterInventoryPort } from '../../ports/cluster-inventory-port.ts'
import type { KubeEvent, KubeObjectsPort, ObjectRef } from '../../ports/kube-objects-port.ts'
import type { WatchedClusterPort } from '../../ports/watched-cluster-port.ts'
import type { ClusterMemory } from '../cluster/cluster-memory.ts'
import type { ClusterOutcome } from '../cluster/cluster-outcome.ts'
import type { ContentStore } from './content-store.ts'
import type { ControllerPorts, ControllerSettings } from './controller-ports.ts'
import type { DesiredNow, DesiredRevision } from './desired-revision.ts'
import type { OwnStores } from './own-stores.ts'
import type { ProgramWriter } from './program-writer.ts'
import type { PublicationPace } from './publication-pace.ts'
import type { PublishedPrograms } from './published-programs.ts'
import type { PublishedRecord } from './published-record.ts'
import type { SteadyNodes } from './steady-nodes.ts'

/** Everything that one turn as leader works with. */
export interface TurnContext {
  readonly settings: ControllerSettings
  readonly ports: ControllerPorts
  /** Guarded: they write only while the lead is held. */
  readonly objects: KubeObjectsPort
  readonly world: WatchedClusterPort
  readonly steady: SteadyNodes
  readonly pace: PublicationPace
  readonly own: OwnStores
  readonly writer: ProgramWriter
  readonly contents: ContentStore
  readonly published: PublishedPrograms
  readonly desired: DesiredRevision
  readonly inventory: ClusterInventoryPort
  readonly memory: ClusterMemory
  readonly keyId: string
  readonly clusterUID: string
  readonly state: TurnState
}

/** What the passes of a turn tell each other. */
export interface TurnState {
  head: Revision | undefined
  sourceFailure: Failure | undefined
  sourceAttempt: number
  now: DesiredNow | undefined
  /** Programs were published, or nothing could be; the first pass is over. */
  isPublished: boolean
  publishFailures: readonly Failure[]
  /** Why the last look at what is wanted, or at the record, ended without one. */
  readonly passFailures: Map<string, Failure>
  /** What the revision that is published changed so far; undefined where this process changed nothing. */
  plan: { readonly revision: string; readonly lines: ReadonlyMap<string, readonly string[]> } | undefined
  cluster: ClusterOutcome | undefined
  decision: PermitDecision | undefined
  /** Node → since when it is missing, on the monotonic clock. */
  readonly absentSince: Map<string, number>
  /** Node → the program and permit that are published for it, since when this process knows, and what it saw since. */
  readonly publishedSince: Map<string, PublishedSince>
  /** The refused revision and its problems, as they were told last. */
  toldRefused: string
  /** JSON of the spec of the record that was written last. */
  copiedSpec: string | undefined
}

export function newTurnState(): TurnState {
  return {
    head: undefined,
    sourceFailure: undefined,
    sourceAttempt: 0,
    now: undefined,
    isPublished: false,
    publishFailures: [],
    passFailures: new Map(),
    plan: undefined,
    cluster: undefined,
    decision: undefined,
    absentSince: new Map(),
    publishedSince: new Map(),
    toldRefused: '',
    copiedSpec: undefined,
  }
}

export interface PublishedSince {
  readonly version: string
  readonly sinceMs: number
  readonly wasInForce: boolean
}

/** An Event on an object of ours, once it is there. */
export function ownEvent(
  about: ObjectRef,
  metadata: PublishedRecord['metadata'] | undefined,
  event: Pick<KubeEvent, 'type' | 'reason' | 'message'>,
): KubeEvent {
  return { regarding: { ...about, ...(metadata === undefined ? {} : { uid: metadata.uid }) }, ...event }
}

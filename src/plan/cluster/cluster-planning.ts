import type { ArtefactId, LabelsArtefact } from '../../domain/artefact.ts'
import type { ClusterInventoryEntry } from '../../domain/cluster-inventory.ts'
import type { ClusterObservation } from '../../domain/cluster-observation.ts'
import type { ClusterProgram } from '../../domain/program.ts'
import type { ClusterReport, ClusterStage, ClusterStep } from './cluster-step.ts'
import type { SelectorFinding } from './stale-selectors.ts'

export interface ClusterPlanInput {
  readonly program: Pick<ClusterProgram, 'labels'>
  readonly observed: ClusterObservation
  readonly entries: ReadonlyMap<ArtefactId, ClusterInventoryEntry>
  /** Of `observed`, by `namespace/name`. */
  readonly findings: ReadonlyMap<string, SelectorFinding>
  /** For how long a finding has been as it is: by `namespace/name`, in milliseconds. */
  readonly staleForMs: ReadonlyMap<string, number>
}

/** What the allow-list of ServiceLB is on its way to (k3s-networking §5.8). */
export type AllowListMove =
  | 'none'
  | 'on'
  | 'off'
  /** It is to be on, and none of the nodes that turn it on is there: what K3s makes of that is not to be helped along. */
  | 'held'

/** The program with what decides about it, looked up once. */
export interface ClusterPlanning extends ClusterPlanInput {
  readonly move: AllowListMove
  readonly wanted: {
    readonly nodes: ReadonlyMap<string, LabelsArtefact>
    readonly services: ReadonlyMap<string, LabelsArtefact>
  }
}

export interface StagedStep {
  readonly stage: ClusterStage
  readonly step: ClusterStep
}

export interface PartOfPlan {
  readonly steps: readonly StagedStep[]
  readonly reports: readonly ClusterReport[]
  /** Milliseconds until time alone makes a difference. */
  readonly waits: readonly number[]
}

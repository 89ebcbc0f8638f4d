import type { ArtefactId } from '../../domain/artefact.ts'
import type { ObservedDaemonSet } from '../../domain/cluster-observation.ts'
import type { OurFields } from './our-fields.ts'

/**
 * What is done together, in this order: nodes join pools before anything looks for them there, the allow-list is turned
 * on in one batch, and what is taken away goes last.
 * @see k3s-networking §5.8
 */
export type ClusterStage =
  | 'NodePools'
  | 'ServicePools'
  | 'Enable'
  | 'ReleaseServices'
  | 'Triggers'
  | 'Disable'
  | 'ReleaseNodes'

export type ClusterStep = HoldStep | IntendStep | ForgetStep | DeleteDaemonSetStep

/** Makes exactly `fields` ours on an object that is there. */
export interface HoldStep {
  readonly kind: 'hold'
  readonly id: ArtefactId
  readonly target: StepTarget
  readonly fields: OurFields
  /** What the inventory says of it once that worked: `fields`, and what is to follow. */
  readonly written: OurFields
  /** What the object has of all these keys now. */
  readonly before: OurFields
  /** What other values ours replace, where they were never ours. */
  readonly taken: OurFields
  /** `Drift`: it was so, and somebody changed it. */
  readonly cause: 'Revision' | 'Drift'
}

/** Writes down what a later stage is to set, together with what makes it necessary. */
export interface IntendStep {
  readonly kind: 'intend'
  readonly id: ArtefactId
  readonly fields: OurFields
}

/** The object is gone, and with it what was ours on it. */
export interface ForgetStep {
  readonly kind: 'forget'
  readonly id: ArtefactId
}

/** Its selector holds what ServiceLB put there and never takes away again: it is made anew. */
export interface DeleteDaemonSetStep {
  readonly kind: 'delete-daemon-set'
  /** Of its Service, whose trigger makes ServiceLB write another one. */
  readonly id: ArtefactId
  readonly daemonSet: Pick<ObservedDaemonSet, 'namespace' | 'name' | 'uid' | 'service'>
  readonly fieldsAfter: OurFields
}

export interface StepTarget {
  readonly kind: 'Node' | 'Service'
  readonly namespace?: string
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
}

/** Something that is not as the program says, and not to be changed by us, or not yet. */
export interface ClusterReport {
  readonly id: ArtefactId
  readonly kind: 'Missing' | 'Foreign' | 'Waiting' | 'Stale'
  /** Begins with the object: `Service shop/web is not in the cluster`. */
  readonly message: string
}

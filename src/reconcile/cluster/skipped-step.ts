import type { ArtefactId } from '../../domain/artefact.ts'
import type { Failure } from '../../domain/failure.ts'

/** Why a step is not taken, or not again, in this pass. */
export interface SkippedStep {
  readonly id: ArtefactId
  readonly reason: 'Contested' | 'Conflict' | 'Moved' | 'Refused'
  readonly message: string
  readonly failure?: Failure
  /** Until it may be taken. */
  readonly waitMs: number
}

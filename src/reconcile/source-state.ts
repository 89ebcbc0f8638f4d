import type { Failure } from '../domain/failure.ts'
import type { Problem } from '../domain/problem.ts'
import type { Revision } from '../domain/revision.ts'
import type { LastGood } from '../ports/node-state-port.ts'

/** What is known of the repository after the last look at it. */
export type SourceState =
  | { readonly kind: 'unread' }
  | {
      readonly kind: 'compiled'
      readonly revision: Revision
      readonly candidate: LastGood
      readonly problems: readonly Problem[]
    }
  | { readonly kind: 'refused'; readonly revision: Revision; readonly problems: readonly Problem[] }

/** The repository as of the last look, and what went wrong when it was last asked. */
export interface Source {
  readonly state: SourceState
  readonly failure: Failure | undefined
}

export const unreadSource: Source = { state: { kind: 'unread' }, failure: undefined }

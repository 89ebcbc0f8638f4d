import type { StatusSnapshot } from '../domain/status.ts'
import type { Condition } from '../domain/verdict.ts'
import type { LastGood } from '../ports/node-state-port.ts'
import type { SourceState } from './source-state.ts'

/** Where the program of this node comes from: a repository, or a file that a controller wrote. */
export interface ProgramSource {
  /** For people and logs, without credentials. */
  readonly description: string
  /**
   * The newest program, or why it is refused; undefined when it is the one that is known already.
   * @param known what the last look gave
   * @param anew look closely although nothing seems to have moved
   * @throws Failure when it cannot be read
   */
  read(known: SourceState, anew: boolean, signal: AbortSignal): Promise<SourceState | undefined>
  /** Begins to watch, where the source can tell of itself. */
  start?(onHint: () => void): Promise<void>
  /** Told how each pass ended, where the source passes it on. Never waits and never fails. */
  told?(pass: ToldPass): void
  /** What people have to know of it beside whether it can be read: conditions of the node's status. */
  conditions?(): readonly Condition[]
  close(): Promise<void>
}

export interface ToldPass {
  readonly snapshot: StatusSnapshot
  /** What the last pass over the files was about; undefined before the first, or when it could not decide anything. */
  readonly enforced: LastGood | undefined
}

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
  close(): Promise<void>
}

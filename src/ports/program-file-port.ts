/** A NodeProgram that somebody else put on this machine. */
export interface ProgramFilePort {
  /** The path, for people. */
  readonly description: string
  /** The text of the file and when it was last changed; undefined while there is none. */
  read(): Promise<{ readonly text: string; readonly modifiedAtMs: number } | undefined>
  /** Calls back when the file may have changed; a hint, never the truth. @returns what ends it */
  watch(onHint: () => void): Promise<() => Promise<void>>
}

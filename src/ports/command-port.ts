/** What one run of another program gave. A run that ends with an error is a value, not an exception. */
export interface CommandResult {
  /** Exit status; undefined when a signal ended it, or it could not be started. */
  readonly code: number | undefined
  readonly signal?: string
  readonly stdout: string
  readonly stderr: string
  readonly tookMs: number
  /** Why there is no honest answer: the program is missing, it took too long, it said too much. */
  readonly failed?: 'not-found' | 'not-started' | 'timeout' | 'output-limit'
}

export interface CommandOptions {
  readonly input?: string
  /** Milliseconds; 10 s when absent. The whole process group is killed then. */
  readonly timeoutMs?: number
  /** Of stdout; 64 MiB when absent. */
  readonly maxOutputBytes?: number
  /** Added to PATH and LC_ALL=C, which is all that a command ever sees. */
  readonly environment?: Readonly<Record<string, string>>
}

/** Runs programs by absolute path and argument list; no shell ever sees the data. */
export interface CommandPort {
  /**
   * The first variable of every program that is run, `FAIRLEAD_OWNER=…`, the same for all of one process and for no other:
   * by it a watchdog finds what a process that was killed had begun. Absent where nothing is marked.
   */
  readonly mark?: string
  run(argv: readonly [string, ...string[]], options?: CommandOptions): Promise<CommandResult>
  /**
   * Starts a program that runs until it is stopped, and tells its output line by line.
   * @param onEnd once, with the reason, when it ended without being stopped
   */
  follow(
    argv: readonly [string, ...string[]],
    listener: {
      readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void
      readonly onEnd: (reason: string) => void
    },
  ): { readonly stop: () => Promise<void> }
  /** The absolute path of a program among the system's directories; undefined when it is not installed. */
  find(program: string): Promise<string | undefined>
}

import type { CommandPort } from '../../src/ports/command-port.ts'

export interface RecordedRun {
  readonly argv: readonly [string, ...string[]]
  readonly input: string
  readonly tookMs: number
}

/** Commands that keep what was written to programs, so that a peer can be given the same. */
export interface RecordedCommands {
  readonly commands: CommandPort
  /** Runs with an input since the last call. */
  taken(): readonly RecordedRun[]
}

export function recordCommands(inner: CommandPort): RecordedCommands {
  let runs: RecordedRun[] = []
  return {
    commands: {
      ...inner,
      run: async (argv, options = {}) => {
        const result = await inner.run(argv, options)
        if (options.input !== undefined) runs.push({ argv, input: options.input, tookMs: result.tookMs })
        return result
      },
    },
    taken: () => {
      const all = runs
      runs = []
      return all
    },
  }
}

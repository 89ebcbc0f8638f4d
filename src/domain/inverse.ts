/**
 * One step back, for a shell that knows nothing of us: absolute programs, fixed arguments, payloads in files. Every step
 * may be run again, and from any state between before and after.
 */
export type InverseStep =
  /** Runs one program. `mayFail`: an error is part of the plan, as when something is gone already. */
  | {
      readonly kind: 'run'
      readonly argv: readonly [string, ...string[]]
      readonly input?: string
      readonly mayFail?: true
    }
  /** Runs `argv` when `check` ends with an error. `mayFail`: another step does it in another way. */
  | {
      readonly kind: 'ensure'
      readonly check: readonly [string, ...string[]]
      readonly argv: readonly [string, ...string[]]
      readonly mayFail?: true
    }
  /** Runs the program again until it ends with an error, at most fifty times. */
  | { readonly kind: 'until-gone'; readonly argv: readonly [string, ...string[]] }
  /** Writes a text to a file that exists: a kernel setting. */
  | { readonly kind: 'write'; readonly path: string; readonly text: string }

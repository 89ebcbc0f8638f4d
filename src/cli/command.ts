import type { ExitCode } from '../domain/exit-code.ts'
import type { SettingKey, Settings } from '../settings.ts'

/** Where a command writes and what it may know of the outside. Results go to `out`, everything else to `err`. */
export interface Terminal {
  readonly out: NodeJS.WritableStream
  readonly err: NodeJS.WritableStream
  readonly in: NodeJS.ReadableStream
  /** Colour and width, when `out` is a terminal. */
  readonly isTerminal: boolean
  readonly columns: number
  readonly colour: boolean
  readonly hostName: string
  readonly userName: string
  /** Absolute; relative arguments are below it. */
  readonly workingDirectory: string
  /** Aborted on SIGINT and SIGTERM. */
  readonly interrupted: AbortSignal
}

export interface CommandCall {
  readonly settings: Settings
  /** Positional arguments, in order. */
  readonly words: readonly string[]
  /** Options of this command that are no settings, by long name: `detailed-exitcode`. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>
  readonly terminal: Terminal
  readonly version: string
}

/** Prints the answer and picks the exit code. Failures are thrown and printed by `main`. */
export type Command = (call: CommandCall) => Promise<ExitCode>

export interface CommandSpec {
  readonly name: string
  readonly summary: string
  /** Commander's form: `[path]`, `<reason...>`. */
  readonly words?: string
  readonly settings: readonly SettingKey[]
  readonly options?: readonly { readonly flag: string; readonly help: string; readonly choices?: readonly string[] }[]
  /** Longer help, printed after the options: examples. */
  readonly notes?: string
  /** Loads the one file of this command; nothing else is loaded before. */
  readonly load: () => Promise<Command>
}

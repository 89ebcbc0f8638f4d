import { hostname, userInfo } from 'node:os'
import { Command as Commander, CommanderError, Option } from 'commander'
import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import { Failure } from '../domain/failure.ts'
import { resolveSettings, type SettingKey, settingSpecs } from '../settings.ts'
import type { CommandSpec, Terminal } from './command.ts'
import { commands } from './commands.ts'
import { fairleadVersion } from './fairlead-version.ts'
import { printable } from './printable.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Arguments and environment → one lazily loaded command → its exit code. Nothing is thrown past this. */
export async function runCommandLine(words: readonly string[], environment: Environment): Promise<ExitCode> {
  const interrupted = interruption()
  const output = watchOutput(interrupted)
  const terminal = openTerminal(environment, interrupted.signal)
  const ended = await runWords(words, environment, terminal)
  return (await output.isWhole()) ? ended : exitCode.failed
}

async function runWords(words: readonly string[], environment: Environment, terminal: Terminal): Promise<ExitCode> {
  let ended: ExitCode = exitCode.done
  const program = newProgram(terminal)
  for (const spec of commands) {
    program.addCommand(
      newCommand(spec).action(async (...parsed: unknown[]) => {
        ended = await call(spec, parsed.slice(0, -2), optionsOf(parsed.at(-2)), environment, terminal)
      }),
    )
  }
  try {
    await program.parseAsync([...words], { from: 'user' })
    return ended
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.badUsage
    if (error instanceof Failure) return reportFailure(error, terminal)
    terminal.err.write(`fairlead: a bug in Fairlead: ${error instanceof Error ? error.stack : String(error)}\n`)
    return exitCode.failed
  }
}

/** The commander program alone, for shell completion. */
export function newProgram(terminal: Pick<Terminal, 'out' | 'err'>): Commander {
  return configured(new Commander('fairlead'), terminal)
    .description('GitOps for K3s cluster networking')
    .version(fairleadVersion, '-V, --version')
    .showSuggestionAfterError(true)
    .exitOverride()
}

export function newCommand(spec: CommandSpec): Commander {
  const command = new Commander(spec.name).description(spec.summary).exitOverride()
  if (spec.words !== undefined) command.arguments(spec.words)
  for (const key of spec.settings) {
    const setting = settingSpecs[key]
    const fallback = 'default' in setting && setting.default !== undefined ? ` (default: ${setting.default})` : ''
    command.addOption(new Option(setting.flag, `${setting.help}${fallback} [${setting.variable}]`))
  }
  for (const extra of spec.options ?? []) {
    const option = new Option(extra.flag, extra.help)
    command.addOption(extra.choices === undefined ? option : option.choices([...extra.choices]))
  }
  if (spec.notes !== undefined) command.addHelpText('after', `\n${spec.notes}`)
  return command
}

function configured(program: Commander, terminal: Pick<Terminal, 'out' | 'err'>): Commander {
  return program.configureOutput({
    writeOut: (text) => terminal.out.write(text),
    writeErr: (text) => terminal.err.write(text),
  })
}

async function call(
  spec: CommandSpec,
  words: readonly unknown[],
  options: Readonly<Record<string, string | boolean | undefined>>,
  environment: Environment,
  terminal: Terminal,
): Promise<ExitCode> {
  const settings = resolveSettings(settingFlags(spec, options), environment)
  const command = await spec.load()
  return command({
    settings,
    words: words.flat().filter((word) => typeof word === 'string'),
    options: Object.fromEntries(Object.entries(options).map(([name, value]) => [kebabCase(name), value])),
    terminal,
    version: fairleadVersion,
  })
}

/** Commander names an option after its flag, which need not be the name of the setting: `--context` is `kubeContext`. */
export function settingFlags(
  spec: Pick<CommandSpec, 'settings'>,
  options: Readonly<Record<string, string | boolean | undefined>>,
): Partial<Record<SettingKey, string | boolean>> {
  const written = spec.settings.flatMap((key) => {
    const value = options[new Option(settingSpecs[key].flag).attributeName()]
    return value === undefined ? [] : [[key, value] as const]
  })
  return Object.fromEntries(written)
}

function optionsOf(parsed: unknown): Readonly<Record<string, string | boolean | undefined>> {
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
}

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** Failures of what Fairlead was told, which trying again does not mend. */
const settingCodes: ReadonlySet<string> = new Set([
  'CAPTURE_NODE_UNKNOWN',
  'CAPTURE_OTHER_CLUSTER',
  'CLUSTER_AMBIGUOUS',
  'CLUSTER_UNKNOWN',
  'GIT_REFERENCE_INVALID',
  'GIT_SETTINGS_INVALID',
  'GIT_URL_INVALID',
  'IMPORT_NAME_INVALID',
  'IMPORT_NODE_TWICE',
  'IMPORT_VERSION_UNKNOWN',
  'K3S_RUNS',
  'LISTEN_ADDRESS_UNKNOWN',
  'LISTEN_DENIED',
  'LISTEN_INSECURE',
  'LISTEN_TOKEN_MISSING',
  'NODE_UNKNOWN',
  'NO_CLUSTERS',
  'OTHER_MACHINE',
  'ROOT_MISSING',
  'SCHEDULE_INVALID',
  'SETTING_INVALID',
])

function reportFailure(failure: Failure, terminal: Terminal): ExitCode {
  const { code, where, fix } = failure.detail
  terminal.err.write(`fairlead: ${printable(failure.message)}\n  ${code} at ${printable(where)}\n  fix  ${fix}\n`)
  return settingCodes.has(code) ? exitCode.badConfiguration : exitCode.failed
}

function interruption(): AbortController {
  const interrupted = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort())
  return interrupted
}

/**
 * A reader that goes away (`fairlead render | head`) ends the command without a word. Losing stderr ends nothing: a
 * machine is kept as it should be although nobody reads how.
 */
function watchOutput(interrupted: AbortController): { readonly isWhole: () => Promise<boolean> } {
  let failed = false
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!failed && error.code !== 'EPIPE') process.stderr.write(`fairlead: standard output: ${error.message}\n`)
    failed = true
    interrupted.abort()
  })
  process.stderr.on('error', () => {})
  return {
    // What was written last may not have failed yet; an empty write comes after it.
    isWhole: async () => {
      await new Promise((resolve) => process.stdout.write('', resolve))
      return !failed
    },
  }
}

function openTerminal(environment: Environment, interrupted: AbortSignal): Terminal {
  const isTerminal = process.stdout.isTTY === true
  return {
    out: process.stdout,
    err: process.stderr,
    in: process.stdin,
    isTerminal,
    columns: process.stdout.columns ?? 80,
    colour: isTerminal && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb',
    hostName: hostname(),
    userName: userName(),
    workingDirectory: process.cwd(),
    interrupted,
  }
}

/** Containers run under user ids that have no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

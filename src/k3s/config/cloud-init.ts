import type { LocatedLine, Problem } from '../../domain/problem.ts'
import { type ArgumentOptions, type ArgumentReading, readArguments } from './arguments.ts'
import { type Environment, variable } from './environment-file.ts'
import type { LocatedWord } from './located-word.ts'
import { type ShellWord, splitShellWords } from './shell-words.ts'

/** A command that installs or starts K3s, as far as it can be told. */
export interface InstallReading extends ArgumentReading {
  /** Variables in front of the command, `K3S_` ones and proxies: the installer hands them on to the service. */
  readonly environment: Environment
  /** `INSTALL_K3S_VERSION`: `v1.33.4+k3s1`; absent where the newest of a channel is installed. */
  readonly version?: string
}

/**
 * One command of a cloud-init file, or of a shell history: the installer of K3s with its flags, in any of the forms that
 * its documentation shows.
 *
 * @param command a line for a shell, or words
 * @returns undefined for a command that has nothing to do with K3s; a reading with a problem, and without flags, for one
 *   that only a shell can tell
 * @see k3s-io/k3s install.sh (`setup_env`); k3s-io/docs docs/installation/configuration.md
 */
export function readInstallCommand(
  command: string | readonly string[],
  at: LocatedLine,
  isBoolean: ArgumentOptions['isBoolean'],
): InstallReading | undefined {
  const line = typeof command === 'string' ? command : shellLineOf(command)
  const told = line ?? (typeof command === 'string' ? command : command.join(' '))
  if (!/get\.k3s\.io|\bINSTALL_K3S_|(^|[\s/"'])k3s\s+(server|agent)\b/.test(told)) return undefined
  const split = line === undefined ? command : splitShellWords(line, { linesAreCommands: true })
  if (split === undefined || typeof split === 'string') return notUnderstood(at)
  const words: readonly ShellWord[] = split.map((word) =>
    typeof word === 'string' ? { text: word, index: 0, kind: 'word' } : word,
  )
  const commands = commandsOf(words)
  const assigned = commands.flatMap((parts) => assignmentsOf(parts))
  const exec = assigned.findLast(({ name }) => name === 'INSTALL_K3S_EXEC')?.value ?? ''
  const execWords = splitShellWords(exec)
  if (execWords === undefined) return notUnderstood(at)
  const given = commands.findLast(startsK3s)
  if (given === undefined) return notUnderstood(at)
  const argv = [...execWords.map(({ text }) => text), ...argumentsOf(given)]
  const [first] = argv
  const isAgent = assigned.some(({ name }) => name === 'K3S_URL')
  const named = first === undefined || first.startsWith('-') ? [isAgent ? 'agent' : 'server', ...argv] : argv
  const located: readonly LocatedWord[] = ['k3s', ...named].map((text) => ({ text, at }))
  const environment = assigned
    .filter(({ name }) => /^(K3S|CONTAINERD)_|^(NO|HTTP|HTTPS)_PROXY$/i.test(name))
    .map(({ name, value }) => variable(name, value, at))
  const version = assigned.findLast(({ name }) => name === 'INSTALL_K3S_VERSION')?.value ?? ''
  return { ...readArguments(located, { isBoolean }), environment, ...(version === '' ? {} : { version }) }
}

/** `[sh, -c, "line"]` is a line; undefined for a command that no shell reads. */
function shellLineOf(words: readonly string[]): string | undefined {
  const [shell = '', flag = '', line] = words
  return /(^|\/)(ba|da|a)?sh$/.test(shell) && /^-[a-z]*c$/.test(flag) ? line : undefined
}

/** Split where one command ends and the next begins. */
function commandsOf(words: readonly ShellWord[]): readonly (readonly string[])[] {
  const commands: string[][] = [[]]
  for (let index = 0; index < words.length; index++) {
    const word = words[index]
    if (word?.kind === 'word') commands.at(-1)?.push(word.text)
    else if (word !== undefined && /^(\||\|\||&&|;|&|\n)$/.test(word.text)) commands.push([])
    // The target of a redirection is no argument.
    else if (word !== undefined && /[<>]$/.test(word.text)) index++
  }
  return commands.filter((parts) => parts.length > 0)
}

function assignmentsOf(words: readonly string[]): readonly { readonly name: string; readonly value: string }[] {
  const found: { readonly name: string; readonly value: string }[] = []
  for (const word of words) {
    if (/^(env|export|sudo|-E)$/.test(word)) continue
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(word) ?? []
    if (name === undefined || value === undefined) break
    found.push({ name, value })
  }
  return found
}

function startsK3s(words: readonly string[]): boolean {
  const [name = '', ...rest] = withoutAssignments(words)
  const program = name.split('/').at(-1) ?? ''
  if (program === 'k3s') return rest[0] === 'server' || rest[0] === 'agent'
  if (/install.*\.sh$|^k3s-install/.test(program)) return true
  return /^(ba|da|a)?sh$/.test(program) && (rest.length === 0 || /^-s?$|\.sh$/.test(rest[0] ?? ''))
}

function argumentsOf(words: readonly string[]): readonly string[] {
  const [name = '', ...rest] = withoutAssignments(words)
  if (!/^(.*\/)?(ba|da|a)?sh$/.test(name)) return rest
  const [first, ...others] = rest
  if (first === undefined) return []
  return others[0] === '-' || others[0] === '--' ? others.slice(1) : others
}

function withoutAssignments(words: readonly string[]): readonly string[] {
  const start = words.findIndex((word) => !/^(env|export|sudo|-E|[A-Za-z_][A-Za-z0-9_]*=.*)$/s.test(word))
  return start < 0 ? [] : words.slice(start)
}

function notUnderstood(at: LocatedLine): InstallReading {
  const problem: Problem = {
    code: 'INSTALL_COMMAND_NOT_PLAIN',
    severity: 'warning',
    ...at,
    what: 'a command that installs K3s holds something that only a shell can tell',
    why: 'the flags that it gives K3s are not known',
    fix: 'write the flags out, or put them into /etc/rancher/k3s/config.yaml with write_files',
  }
  return { arguments: [], environment: [], problems: [problem] }
}

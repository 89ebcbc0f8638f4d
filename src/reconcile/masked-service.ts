import { mentionsSecretKey } from '../domain/k3s-config-reading.ts'
import { lineOfSecretValue, openValue } from '../text/secret-values.ts'
import type { NodeConfigOutcome } from './read-node-config.ts'

/**
 * A unit, a service script or a file of variables without the secrets in it: as it is where it mentions none, and
 * otherwise only what was read of it, each flag and variable on the line that it stands on, secret values masked.
 */
export function maskedService(path: string, text: string, { reading, role }: NodeConfigOutcome): string {
  if (!mentionsSecretKey(text) && lineOfSecretValue(text) === undefined) return text
  const flags = byLine(
    reading.arguments.filter(({ at }) => at.place.file === path),
    ({ key, text: value }) => `--${key}=${openValue(key, value)}`,
  )
  const variables = byLine(
    reading.environment.filter(({ at }) => at.place.file === path),
    ({ name, value }) => `${name}=${openValue(name, value)}`,
  )
  const source: Source = { lines: text.split(/\r?\n/), flags, variables, command: `k3s ${role ?? 'server'}` }
  if (/\.(service|conf)$/.test(path)) return printed(unitLines(source))
  if (path.startsWith('/etc/init.d/')) return printed(scriptLines(source))
  return printed([...variables].reduce((lines, [line, texts]) => put(lines, line, texts.map(assignment)), empty))
}

interface Source {
  readonly lines: readonly string[]
  /** Texts by the number of their line, from 1. */
  readonly flags: ReadonlyMap<number, readonly string[]>
  readonly variables: ReadonlyMap<number, readonly string[]>
  readonly command: string
}

type Lines = ReadonlyMap<number, string>
const empty: Lines = new Map()

/** Sections, names of files of variables, and a command that forgets the one before hold no secret. */
function unitLines({ lines, flags, variables, command }: Source): Lines {
  const kept = lines.flatMap((line, index) => {
    const isOwnLine = !/\\$/.test(lines[index - 1] ?? '')
    const isKept = /^\s*(\[\w+\]|EnvironmentFile\s*=.*|(ExecStart|Environment)\s*=)\s*$/.test(line)
    return isOwnLine && isKept && !/\\$/.test(line) ? [[index + 1, line] as const] : []
  })
  const exec = lines.findLastIndex((line) => /^\s*ExecStart\s*=\s*\S/.test(line)) + 1
  let result: Lines = new Map(kept)
  for (const [line, texts] of variables) result = put(result, line, [`Environment=${texts.map(quoted).join(' ')}`])
  if (exec === 0) return result
  const last = Math.max(exec, ...flags.keys())
  for (let line = exec; line <= last; line++) {
    const start = line === exec ? `ExecStart=/usr/local/bin/${command} ` : '    '
    const text = `${start}${(flags.get(line) ?? []).map(quoted).join(' ')}`
    result = put(result, line, [line < last ? `${text.trimEnd()} \\` : text])
  }
  return result
}

function scriptLines({ lines, flags, variables, command }: Source): Lines {
  const kept = lines.flatMap((line, index) =>
    /^#!|^(?!\s*#)[^"'$`]*(?:\.|source)\s+\/[\w./-]+(; fi)?\s*$/.test(line) ? [[index + 1, line] as const] : [],
  )
  let result: Lines = new Map(kept)
  for (const [line, texts] of variables)
    result = put(
      result,
      line,
      texts.map((text) => `export ${assignment(text)}`),
    )
  const first = lines.findIndex((line) => /^\s*(export\s+)?command_args=/.test(line)) + 1
  const [binary = '', role = ''] = command.split(' ')
  result = put(result, lines.findIndex((line) => /^\s*command=/.test(line)) + 1, [`command="/usr/local/bin/${binary}"`])
  if (first === 0) return result
  const last = Math.max(first, ...flags.keys())
  for (let line = first; line <= last; line++) {
    const start = line === first ? `command_args="${role} ` : ''
    const end = line === last ? '"' : ' \\'
    result = put(result, line, [`${start}${(flags.get(line) ?? []).map(shellQuoted).join(' ')}${end}`])
  }
  return result
}

function byLine<T extends { readonly at: { readonly place: { readonly line: number } } }>(
  items: readonly T[],
  text: (item: T) => string,
): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>()
  for (const item of items) {
    const { line } = item.at.place
    found.set(line, [...(found.get(line) ?? []), text(item)])
  }
  return found
}

function put(lines: Lines, line: number, texts: readonly string[]): Lines {
  return new Map([...lines, [line, texts.join('\n')]])
}

function printed(lines: Lines): string {
  const last = Math.max(0, ...lines.keys())
  return Array.from({ length: last }, (_, index) => `${lines.get(index + 1) ?? ''}\n`).join('')
}

/** For systemd. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** For a shell that reads a text in double quotes, and its words once more. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`.replace(/["\\$`]/g, '\\$&')
}

/** For files of variables: single quotes mean the same to systemd and to a shell. */
function assignment(text: string): string {
  const equals = text.indexOf('=') + 1
  return `${text.slice(0, equals)}'${text.slice(equals).replaceAll("'", "'\\''")}'`
}

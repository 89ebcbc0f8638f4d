import type { LocatedLine, Problem } from '../../domain/problem.ts'
import { type Environment, variable } from './environment-file.ts'
import { type JoinedLine, joinedLines } from './joined-lines.ts'
import { type LocatedWord, textLines } from './located-word.ts'
import { type EnvironmentFileName, k3sWords, type ServiceReading } from './service-reading.ts'
import { splitUnitWords } from './systemd-words.ts'

/**
 * How systemd starts K3s: the unit with its drop-ins (`k3s.service.d/*.conf`), in their order. An empty `ExecStart=`,
 * `Environment=` or `EnvironmentFile=` forgets what was said before. Specifiers stay as they are in the command line and
 * are filled in for names of files, which the installer writes as `/etc/default/%N`.
 *
 * @param files the unit first; its name is the name of the service
 * @see systemd.service(5), systemd.exec(5); k3s-io/k3s install.sh (`create_systemd_service_file`)
 */
export function readSystemdUnit(files: readonly { readonly path: string; readonly text: string }[]): ServiceReading {
  const unitName = files[0]?.path.split('/').at(-1) ?? 'k3s.service'
  let words: readonly LocatedWord[] = []
  let environment: Environment = []
  let environmentFiles: readonly EnvironmentFileName[] = []
  let problems: readonly Problem[] = []
  const take: Readonly<Record<string, (value: Value) => void>> = {
    ExecStart: (value) => {
      if (value.text === '') {
        words = []
        problems = []
        return
      }
      const read = commandOf(value)
      if (words.length > 0) problems = [...problems, secondCommand(value.at(0))]
      else if ('code' in read) problems = [...problems, read]
      else words = read
    },
    Environment: (value) => {
      environment = value.text === '' ? [] : [...environment, ...variablesOf(value)]
    },
    EnvironmentFile: (value) => {
      environmentFiles = value.text === '' ? [] : [...environmentFiles, environmentFile(value, unitName)]
    },
  }
  for (const file of files) for (const [key, value] of serviceValues(file)) take[key]?.(value)
  return { words, environment, environmentFiles, problems }
}

interface Value {
  readonly text: string
  at(index: number): LocatedLine
}

/** The keys of the `[Service]` section with their values. */
function serviceValues(file: { readonly path: string; readonly text: string }): readonly (readonly [string, Value])[] {
  const values: (readonly [string, Value])[] = []
  let section = ''
  for (const line of joinedLines(textLines(file.path, file.text))) {
    const [, name] = /^\s*\[([^\]]+)\]\s*$/.exec(line.text) ?? []
    if (name !== undefined) section = name
    else if (section === 'Service') values.push(...assignment(line))
  }
  return values
}

function assignment(line: JoinedLine): readonly (readonly [string, Value])[] {
  const [, before = '', key, value] = /^((\s*[A-Za-z]+)\s*=\s*)(.*)$/s.exec(line.text) ?? []
  if (key === undefined || value === undefined) return []
  return [[key.trim(), { text: value.trimEnd(), at: (index) => line.at(before.length + index) }]]
}

/** The command without the signs in front of it, which say how it is run. */
function commandOf(value: Value): readonly LocatedWord[] | Problem {
  const split = splitUnitWords(value.text)
  if (split === undefined) return unclosedQuote(value.at(0))
  const [first, ...rest] = split.map(({ text, index }): LocatedWord => ({ text, at: value.at(index) }))
  if (first === undefined) return []
  const [, signs = '', binary = ''] = /^([-@:+!|]*)(.*)$/s.exec(first.text) ?? []
  // With an @, the second word is only the name that the process is given.
  const given = signs.includes('@') ? rest.slice(1) : rest
  return k3sWords([{ ...first, text: binary }, ...given])
}

function variablesOf(value: Value): Environment {
  return (splitUnitWords(value.text) ?? []).flatMap(({ text, index }) => {
    const [, name, content] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(text) ?? []
    return name === undefined || content === undefined ? [] : [variable(name, content, value.at(index))]
  })
}

function environmentFile(value: Value, unitName: string): EnvironmentFileName {
  const isOptional = value.text.startsWith('-')
  const path = fillSpecifiers(isOptional ? value.text.slice(1) : value.text, unitName)
  return { path, isOptional, reader: 'systemd', at: value.at(isOptional ? 1 : 0) }
}

/** `%n` is the name of the unit, `%N` without its type, `%p` up to an @. */
function fillSpecifiers(text: string, unitName: string): string {
  const withoutType = unitName.replace(/\.[a-z]+$/, '')
  const filled: Readonly<Record<string, string>> = {
    '%n': unitName,
    '%N': withoutType,
    '%p': withoutType.replace(/@.*$/, ''),
    '%%': '%',
  }
  return text.replace(/%./g, (specifier) => filled[specifier] ?? specifier)
}

function unclosedQuote(at: LocatedLine): Problem {
  return {
    code: 'SERVICE_QUOTE_OPEN',
    severity: 'error',
    ...at,
    what: 'a quote in ExecStart is not closed',
    why: 'systemd drops the line, and the service does not start',
    fix: 'close the quote',
  }
}

function secondCommand(at: LocatedLine): Problem {
  return {
    code: 'SERVICE_TWO_COMMANDS',
    severity: 'error',
    ...at,
    what: 'there is more than one ExecStart',
    why: 'systemd refuses the unit: only services of the type oneshot have several',
    fix: 'put an empty "ExecStart=" in front of the one that is meant to count',
  }
}

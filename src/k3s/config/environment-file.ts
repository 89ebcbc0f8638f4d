import { isSecretKey, type NodeConfigReading, secretMask } from '../../domain/k3s-config-reading.ts'
import type { LocatedLine, Problem } from '../../domain/problem.ts'
import { textLines } from './located-word.ts'

export type Environment = NodeConfigReading['environment']

/**
 * A file of variables, such as `k3s.service.env`. systemd and a shell agree on what people write there: `KEY=value`,
 * quotes, comments; `export` is for the shell alone, and so are comments behind a value. Nothing is expanded, as systemd
 * expands nothing; where a shell would, the variable is left out and told.
 *
 * @param reader who reads the file: systemd by `EnvironmentFile=`, or OpenRC's shell by `. file`
 * @returns the variables, secret ones masked; a line that its reader does not take is a problem
 * @see systemd.exec(5) `EnvironmentFile=`; k3s-io/k3s install.sh (`create_env_file`)
 */
export function readEnvironmentFile(
  path: string,
  text: string,
  reader: 'systemd' | 'shell' = 'systemd',
): { readonly environment: Environment; readonly problems: readonly Problem[] } {
  const { lines, locate } = textLines(path, text)
  const environment: Environment[number][] = []
  const problems: Problem[] = []
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? ''
    const start = line.search(/\S/)
    if (start < 0 || /[#;]/.test(line[start] ?? '')) continue
    const at = locate(index + 1, start + 1)
    const [, exported, name, first] = /^\s*(export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? []
    if (name === undefined || first === undefined) {
      problems.push(notAssignment(at))
      continue
    }
    const value = readValue(first, lines, index, reader)
    index = value.lastIndex
    if (reader === 'shell' && isExpanded(first)) {
      problems.push(expandedByShell(name, at))
      continue
    }
    if (exported !== undefined && reader === 'systemd') problems.push(exportedInSystemd(name, at))
    else environment.push(variable(name, value.text, at))
  }
  return { environment, problems }
}

export function variable(name: string, value: string, at: LocatedLine): Environment[number] {
  if (!isSecretKey(name)) return { name, value, at }
  return { name, value: value === '' ? '' : secretMask, at: { place: at.place } }
}

/** A value goes on over the end of its line inside quotes, and after a backslash. */
function readValue(
  first: string,
  lines: readonly string[],
  firstIndex: number,
  reader: 'systemd' | 'shell',
): { readonly text: string; readonly lastIndex: number } {
  let lastIndex = firstIndex
  let rest = first.replace(/^\s+/, '')
  let text = ''
  let quote = ''
  // Blanks at the end are dropped unless they are quoted.
  let keep = 0
  for (;;) {
    let isContinued = false
    for (let at = 0; at < rest.length; at++) {
      const character = rest[at] ?? ''
      if (character === '\\' && quote !== "'") {
        const next = rest[++at]
        if (next === undefined) isContinued = true
        else text += quote === '"' && !/["\\$`]/.test(next) ? `\\${next}` : next
        keep = text.length
      } else if (quote === '' && reader === 'shell' && /[\s;]/.test(character)) break
      else if (quote === '' && /["']/.test(character)) quote = character
      else if (character === quote) {
        quote = ''
        keep = text.length
      } else {
        text += character
        if (quote !== '' || !/\s/.test(character)) keep = text.length
      }
    }
    if ((quote === '' && !isContinued) || lastIndex + 1 >= lines.length) return { text: text.slice(0, keep), lastIndex }
    if (quote !== '' && !isContinued) text += '\n'
    rest = lines[++lastIndex] ?? ''
  }
}

/** Single quotes keep a shell from it, and so does a backslash. */
function isExpanded(value: string): boolean {
  return /[$`]/.test(value.replace(/'[^']*'/g, '').replace(/\\./g, ''))
}

/** The line is not quoted: it may be the second half of a secret. */
function notAssignment(at: LocatedLine): Problem {
  return {
    code: 'ENVIRONMENT_LINE_UNREADABLE',
    severity: 'warning',
    place: at.place,
    what: 'the line is no KEY=value',
    why: 'it is skipped when the service starts',
    fix: 'write KEY=value, or put a # in front of the line',
  }
}

function exportedInSystemd(name: string, at: LocatedLine): Problem {
  return {
    code: 'ENVIRONMENT_EXPORT',
    severity: 'warning',
    ...at,
    what: `${name} is written with "export" in a file that systemd reads`,
    why: 'systemd skips such a line, so the variable is not set',
    fix: `write ${name}=value without "export"`,
  }
}

function expandedByShell(name: string, at: LocatedLine): Problem {
  return {
    code: 'ENVIRONMENT_NOT_PLAIN',
    severity: 'warning',
    ...at,
    what: `the value of ${name} is put together by the shell that reads it`,
    why: 'what it is in the end cannot be told from the file',
    fix: 'write the value out',
  }
}

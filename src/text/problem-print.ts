import type { Problem, Severity } from '../domain/problem.ts'

const escapeStart = '\u001B['
const colors = { error: 31, warning: 33, notice: 36 } as const satisfies Record<Severity, number>
const widestLine = 100

/**
 * A problem for a terminal: place and code, what, the line with a caret, why, fix. Nothing in it can move the cursor,
 * whatever the repository holds.
 */
export function printProblem(problem: Problem, options: { readonly color: boolean }): string {
  const paint = (code: number, text: string): string =>
    options.color ? `${escapeStart}${code}m${text}${escapeStart}0m` : text
  const { file, line, column } = problem.place
  const severity = problem.severity === 'error' ? '' : ` (${problem.severity})`
  return [
    `${paint(1, `${printable(file)}:${line}:${column}`)}  ${paint(colors[problem.severity], problem.code)}${severity}`,
    `  ${printable(problem.what)}`,
    ...caretLines(problem).map((text) => paint(2, text)),
    `  why  ${printable(problem.why)}`,
    `  fix  ${printable(problem.fix)}`,
  ].join('\n')
}

/** The line, and a caret below the column; a long line is cut around it. */
function caretLines({ place, sourceLine }: Problem): string[] {
  if (sourceLine === undefined || sourceLine.trim() === '') return []
  const column = Math.min(place.column, sourceLine.length + 1)
  const start = column > widestLine - 20 ? column - widestLine / 2 : 0
  const cut = sourceLine.slice(start, start + widestLine)
  const margin = ' '.repeat(String(place.line).length)
  // A tab takes the same room in both lines only when it stays a tab.
  const indent = cut.slice(0, column - 1 - start).replace(/[^\t]/g, ' ')
  return [`  ${place.line} | ${printable(cut)}`, `  ${margin} | ${indent}^`]
}

/** Control characters as escapes, tabs as they are. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\t]/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

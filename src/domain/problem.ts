/** Where in the repository, or on a machine, something is written. Line and column count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A place and the text of its line; fits into a `Problem` as it is. */
export interface LocatedLine {
  readonly place: Place
  /** Absent where the line may hold a secret. */
  readonly sourceLine?: string
}

/** `error` stops a revision; `warning` and `notice` are shown and change nothing. */
export type Severity = 'error' | 'warning' | 'notice'

/** One thing that is wrong with what somebody wrote, told so that they can mend it without asking. */
export interface Problem {
  /** Stable, in capitals: `UNKNOWN_FIELD`. */
  readonly code: string
  readonly severity: Severity
  readonly place: Place
  readonly what: string
  readonly why: string
  readonly fix: string
  /** The text of the line at `place`, for the caret; absent where the line may hold a secret. */
  readonly sourceLine?: string
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error')
}

/** File, then line, then column, then code: the order of every report. */
export function compareProblems(a: Problem, b: Problem): number {
  return (
    compareText(a.place.file, b.place.file) ||
    a.place.line - b.place.line ||
    a.place.column - b.place.column ||
    compareText(a.code, b.code)
  )
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

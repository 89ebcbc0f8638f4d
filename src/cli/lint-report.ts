import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import { compareProblems, hasErrors, type Problem } from '../domain/problem.ts'
import type { CommandCall } from './command.ts'
import { count, formatProblems } from './print-problems.ts'
import { problemsAsSarif } from './sarif.ts'
import { formatStructured, isStructured } from './structured-output.ts'

export interface LintReport {
  /** What was looked at, as it is named in the report: `{ clusters: ['clusters/home'] }`. */
  readonly lookedAt: Readonly<Record<string, unknown>>
  /** For the summary: `2 clusters`, `pi-1`. */
  readonly title: string
  readonly problems: readonly Problem[]
  /** Something that decides about the flags could not be read: no errors is no success then. */
  readonly isIncomplete?: boolean
}

/** Prints a report in the format that was asked for; errors end with 3, and a report that is not whole with 1. */
export function printLintReport(
  { lookedAt, title, problems, isIncomplete }: LintReport,
  { options, terminal, version }: Pick<CommandCall, 'options' | 'terminal' | 'version'>,
): ExitCode {
  const format = options['output']
  const showsNotices = options['verbose'] === true
  if (format === 'sarif') {
    terminal.out.write(formatStructured(problemsAsSarif(problems, version), 'json'))
  } else if (isStructured(format)) {
    const report = { apiVersion: 'fairlead.dev/v1alpha1', kind: 'LintReport', ...lookedAt, problems }
    terminal.out.write(formatStructured(report, format))
  } else {
    const shown = problems.filter(({ severity }) => severity !== 'notice' || showsNotices)
    terminal.out.write(formatProblems(shown, terminal.colour))
  }
  terminal.err.write(`${title}: ${countProblems(problems, !showsNotices)}\n`)
  if (hasErrors(problems)) return exitCode.denied
  return isIncomplete === true ? exitCode.failed : exitCode.done
}

/** `1 error, 2 warnings, 3 notices (shown with --verbose)`. */
export function countProblems(problems: readonly Problem[], hidesNotices: boolean): string {
  const of = (severity: Problem['severity']): number =>
    problems.filter((problem) => problem.severity === severity).length
  const hidden = hidesNotices && of('notice') > 0 ? ' (shown with --verbose)' : ''
  return `${[count(of('error'), 'error'), count(of('warning'), 'warning'), count(of('notice'), 'notice')].join(', ')}${hidden}`
}

/** Each once, in the order of every report: a base that two clusters extend is wrong once, not twice. */
export function problemsOnce(problems: readonly Problem[]): readonly Problem[] {
  const found = new Map(
    problems.map((problem) => {
      const { code, place, what } = problem
      return [JSON.stringify([code, place.file, place.line, place.column, what]), problem] as const
    }),
  )
  return [...found.values()].sort(compareProblems)
}

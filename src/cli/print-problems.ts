import type { Problem } from '../domain/problem.ts'
import { printProblem } from '../text/problem-print.ts'
import type { Terminal } from './command.ts'
import { printable } from './printable.ts'

/** Problems in the order they were given, each as it names itself, with a blank line between. */
export function formatProblems(problems: readonly Problem[], colour: boolean): string {
  return problems.map((problem) => `${printProblem(safe(problem), { color: colour }).trimEnd()}\n`).join('\n')
}

/** What stands in the way of everything else: on stderr, with how many there are. */
export function reportRefused(
  problems: readonly Problem[],
  terminal: Pick<Terminal, 'err' | 'colour'>,
  where: 'the repository' | 'the capture' = 'the repository',
): void {
  const errors = problems.filter((problem) => problem.severity === 'error')
  terminal.err.write(`${formatProblems(errors, terminal.colour)}\n`)
  terminal.err.write(`fairlead: ${count(errors.length, 'error')} in ${where}; nothing was planned or written\n`)
}

export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`
}

/** File names and values in a problem come from whoever could push. */
function safe(problem: Problem): Problem {
  const { sourceLine, ...rest } = problem
  return {
    ...rest,
    place: { ...rest.place, file: printable(rest.place.file) },
    what: printable(rest.what),
    why: printable(rest.why),
    fix: printable(rest.fix),
    // Tabs keep the caret's column.
    ...(sourceLine === undefined ? {} : { sourceLine: sourceLine.replace(/[^\t]+/g, printable) }),
  }
}

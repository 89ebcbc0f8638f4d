import type { Problem } from '../domain/problem.ts'

/** One line: `clusters/home/network.yaml:14:11 CIDR_OVERLAP: …; choose …`. */
export function describeProblem(problem: Problem): string {
  const { file, line, column } = problem.place
  return `${file}:${line}:${column} ${problem.code}: ${problem.what}; ${problem.fix}`
}

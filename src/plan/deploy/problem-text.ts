import type { Problem } from '../../domain/problem.ts'

/** One line for an Event or a log; the path is said around it. */
export function problemText({ place, what }: Problem): string {
  return `line ${place.line}: ${what}`
}

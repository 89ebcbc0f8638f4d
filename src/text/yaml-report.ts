import type { Problem, Severity } from '../domain/problem.ts'
import type { SourceLines } from './source-lines.ts'

export interface ReportedText {
  readonly code: string
  readonly severity?: Severity
  readonly what: string
  readonly why: string
  readonly fix: string
}

/** Collects what is wrong with one text, by offset. */
export interface YamlReport {
  readonly problems: readonly Problem[]
  add(offset: number, text: ReportedText): void
}

/** A text that is wrong everywhere is told so once, not ten thousand times. */
const mostProblems = 100

export function yamlReport(lines: SourceLines): YamlReport {
  const problems: Problem[] = []
  let isFull = false
  return {
    problems,
    add(offset, text) {
      if (isFull) return
      isFull = problems.length === mostProblems
      const told = isFull ? tooManyProblems : text
      problems.push({ severity: 'error', ...told, ...lines.locate(offset) })
    },
  }
}

const tooManyProblems: ReportedText = {
  code: 'TOO_MANY_PROBLEMS',
  what: `there are more than ${mostProblems} problems in this file`,
  why: 'further ones are left out of the report',
  fix: 'mend the first ones and look again',
}

import { compareProblems, type Problem } from '../domain/problem.ts'
import { allRules } from '../lint/catalogue.ts'
import type { Rule } from '../lint/rule.ts'
import { runRules } from '../lint/run-rules.ts'
import { type MachineInput, type MachineView, viewMachine } from './machine-subject.ts'

export interface LintedMachine {
  readonly view: MachineView
  readonly problems: readonly Problem[]
  /** How many rules about flags were not asked, because configuration could not be read. */
  readonly skipped: number
}

/** Everything that is wrong with one machine. A flag that could not be read is no default, and nothing is said of it. */
export function lintMachine(input: MachineInput, only: readonly Rule[] | undefined): LintedMachine {
  const view = viewMachine(input)
  const wanted = only ?? allRules
  const asked = view.unreadConfig.length === 0 ? wanted : wanted.filter((rule) => !looksAtFlags(rule))
  const found = runRules(asked, view.subject)
  const own = only === undefined ? view.problems : []
  return { view, problems: [...own, ...found].sort(compareProblems), skipped: wanted.length - asked.length }
}

function looksAtFlags({ looksAt }: Rule): boolean {
  return looksAt.includes('settings') || looksAt.includes('config-files')
}

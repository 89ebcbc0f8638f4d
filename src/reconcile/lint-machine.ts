import { compareProblems, type Problem } from '../domain/problem.ts'
import { allRules } from '../lint/catalogue.ts'
import type { Rule } from '../lint/rule.ts'
import { runRules } from '../lint/run-rules.ts'
import { type MachineInput, type MachineView, viewMachine } from './machine-subject.ts'
import { maskedProblems } from './masked-problems.ts'

export interface LintedMachine {
  readonly view: MachineView
  readonly problems: readonly Problem[]
  /** How many rules about flags were not asked, because configuration could not be read. */
  readonly skipped: number
  /** How many of the others are about certain releases, and say little or nothing because nobody knows this one's. */
  readonly withoutRelease: number
}

/** Everything that is wrong with one machine. A flag that could not be read is no default, and nothing is said of it. */
export function lintMachine(input: MachineInput, only: readonly Rule[] | undefined): LintedMachine {
  const view = viewMachine(input)
  const wanted = only ?? allRules
  const asked = view.unreadConfig.length === 0 ? wanted : wanted.filter((rule) => !looksAtFlags(rule))
  const found = runRules(asked, view.subject)
  const own = only === undefined ? [...view.problems, ...view.unreadConfig.flatMap(notUtf8)] : []
  const settings = view.subject.nodes.map((node) => node.settings)
  return {
    view,
    problems: maskedProblems([...own, ...found], settings).sort(compareProblems),
    skipped: wanted.length - asked.length,
    withoutRelease: view.node.version === undefined ? asked.filter(isOfReleases).length : 0,
  }
}

/** What was left unsaid, for people; empty where every rule had what it needs. */
export function leftUnsaid({ skipped, withoutRelease }: LintedMachine): readonly string[] {
  return [
    ...(skipped > 0 ? [`${skipped} rules about flags were left out: without these files nobody knows them`] : []),
    ...(withoutRelease > 0
      ? [
          `nothing says which release of K3s this is, and ${withoutRelease} rules depend on it; say it with --k3s-version v1.33.4+k3s1`,
        ]
      : []),
  ]
}

/** K3s does not start over bytes in its YAML that are no text; in a unit, systemd passes over the line. */
function notUtf8({ path, reason }: MachineView['unreadConfig'][number]): readonly Problem[] {
  if (reason !== 'not UTF-8' || !/\.ya?ml$/i.test(path)) return []
  return [
    {
      code: 'INVALID_UTF8',
      severity: 'error',
      place: { file: path, line: 1, column: 1 },
      what: 'the file is not UTF-8',
      why: 'K3s cannot read it, and ends; what it was meant to say is not known',
      fix: 'save it as UTF-8',
    },
  ]
}

function looksAtFlags({ looksAt }: Rule): boolean {
  return looksAt.includes('settings') || looksAt.includes('config-files')
}

function isOfReleases({ versions }: Rule): boolean {
  return versions !== 'every version'
}

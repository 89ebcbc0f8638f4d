import { compareProblems, type Problem } from '../domain/problem.ts'
import { codeOfRule, type Rule } from './rule.ts'
import type { LintSubject } from './subject.ts'

/** Every finding of these rules, once each, sorted by place. What many nodes say at one place is said once. */
export function runRules(rules: readonly Rule[], subject: LintSubject): Problem[] {
  const found = new Map<string, Problem>()
  for (const rule of rules) {
    for (const { at, what, ...own } of rule.check(subject)) {
      const { place } = at
      const key = JSON.stringify([rule.id, place.file, place.line, place.column, what])
      if (found.has(key)) continue
      found.set(key, {
        code: codeOfRule(rule.id),
        severity: own.severity ?? rule.severity,
        ...at,
        what,
        why: own.why ?? rule.why,
        fix: own.fix ?? rule.fix,
      })
    }
  }
  return [...found.values()].sort(compareProblems)
}

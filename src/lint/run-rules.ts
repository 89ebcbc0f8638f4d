import { compareProblems, type LocatedLine, type Problem, type Severity } from '../domain/problem.ts'
import { lineOfSecretValue } from '../text/secret-values.ts'
import { codeOfRule, type Finding, type Rule } from './rule.ts'
import type { LintSubject } from './subject.ts'

/** Every finding of these rules, once each, sorted by place. What many nodes say at one place is said once. */
export function runRules(rules: readonly Rule[], subject: LintSubject): Problem[] {
  const found = new Map<string, Problem>()
  const living = livingPlaces(subject)
  for (const rule of rules) {
    for (const finding of rule.check(subject)) {
      const { at, what, ...own } = finding
      const { place } = at
      const key = JSON.stringify([rule.id, place.file, place.line, place.column, what])
      if (found.has(key)) continue
      found.set(key, {
        code: codeOfRule(rule.id),
        severity: severityOf(rule, finding, living),
        ...openLine(at),
        what,
        why: own.why ?? rule.why,
        fix: own.fix ?? rule.fix,
      })
    }
  }
  return [...found.values()].sort(compareProblems)
}

/** Whatever is wrong on a line with a secret: the line is not shown. */
function openLine({ place, sourceLine }: LocatedLine): LocatedLine {
  return sourceLine === undefined || lineOfSecretValue(sourceLine) !== undefined ? { place } : { place, sourceLine }
}

/**
 * What is wrong with an object that only the cluster has was so before. As an error it would keep every revision out, the
 * one that mends it too.
 */
function severityOf(rule: Rule, { severity = rule.severity, at }: Finding, living: ReadonlySet<string>): Severity {
  const isOfRevision = rule.looksAt.includes('settings') || rule.looksAt.includes('before')
  return severity === 'error' && !isOfRevision && living.has(at.place.file) ? 'warning' : severity
}

function livingPlaces({ scope, objects, services }: LintSubject): ReadonlySet<string> {
  if (scope !== 'repository') return new Set()
  return new Set([...objects, ...services].flatMap(({ origin, at }) => (origin === 'live' ? [at.place.file] : [])))
}

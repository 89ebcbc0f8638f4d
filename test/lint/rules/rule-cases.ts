import { expect, test } from 'vitest'
import type { RuleGroup } from '../../../src/lint/rule.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import type { LintSubject } from '../../../src/lint/subject.ts'

/** For every rule of a group: subjects that it must find something in, and subjects that it must leave alone. */
export type RuleCases = Readonly<
  Record<string, { readonly fails: readonly LintSubject[]; readonly passes: readonly LintSubject[] }>
>

export function testRules(group: RuleGroup, cases: RuleCases): void {
  test('every rule has cases, and every case has a rule', () => {
    expect(Object.keys(cases).sort()).toEqual(group.rules.map((rule) => rule.id).sort())
  })
  for (const rule of group.rules) {
    const { fails = [], passes = [] } = cases[rule.id] ?? {}
    test(`${rule.id}: ${rule.title}`, () => {
      expect(fails.length).toBeGreaterThan(0)
      expect(passes.length).toBeGreaterThan(0)
      for (const [index, subject] of fails.entries()) {
        expect(runRules([rule], subject), `failing subject ${index}`).not.toEqual([])
      }
      for (const [index, subject] of passes.entries()) {
        expect(runRules([rule], subject), `passing subject ${index}`).toEqual([])
      }
    })
  }
}

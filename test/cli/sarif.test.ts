import { expect, test } from 'vitest'
import { problemsAsSarif } from '../../src/cli/sarif.ts'
import type { Problem } from '../../src/domain/problem.ts'

const problem = (code: string, what: string): Problem => ({
  code,
  severity: 'warning',
  place: { file: 'clusters/home/network.yaml', line: 3, column: 5 },
  what,
  why: `why ${what}`,
  fix: `fix ${what}`,
})

test('a code is described for all of its findings, with a rule or without one', () => {
  const report = JSON.stringify(
    problemsAsSarif([problem('NOT_ENFORCED', 'first'), problem('NET_DOMAIN', 'second')], '1'),
  )
  const [run] = JSON.parse(report).runs
  const rules: { id: string; shortDescription: { text: string } }[] = run.tool.driver.rules
  expect(rules.map(({ id }) => id)).toEqual(['NET_DOMAIN', 'NOT_ENFORCED'])
  expect(JSON.stringify(rules)).not.toMatch(/first|second/)
  expect(rules[1]?.shortDescription.text).toContain('NOT_ENFORCED')
  expect(run.results.map((result: { ruleIndex: number }) => result.ruleIndex)).toEqual([1, 0])
})

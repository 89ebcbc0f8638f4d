import fc from 'fast-check'
import { test } from 'vitest'
import { allRules } from '../../src/lint/catalogue.ts'
import { anySubject } from './arbitrary-subjects.ts'
test('probe', () => {
  const fired = new Map<string, number>()
  const t = Date.now()
  for (const one of fc.sample(anySubject, { numRuns: 3000, seed: 7 })) {
    for (const rule of allRules) if (rule.check(one).length > 0) fired.set(rule.id, (fired.get(rule.id) ?? 0) + 1)
  }
  console.log(Date.now() - t, allRules.length, fired.size)
  console.log(allRules.filter((r) => !fired.has(r.id)).map((r) => r.id + '[' + r.looksAt.join('+') + ']').join('\n'))
})

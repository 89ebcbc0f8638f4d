import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { acceptanceGroups } from '../../scripts/acceptance-cases.ts'
import {
  acceptancePage,
  acceptancePagePath,
  acceptanceProblems,
  caseTestsOf,
  readCaseTests,
} from '../../scripts/acceptance-table.ts'

const root = join(import.meta.dirname, '../..')
const groups = [
  {
    title: 'Some',
    cases: [
      { number: 1, says: 'does a thing' },
      { number: 2, says: 'does another' },
      { number: 3, says: 'would do a third', notApplicable: 'there is none' },
    ],
  },
]

describe('the page of what a node is held to', () => {
  test('has a test for every case, and is current', () => {
    const tests = readCaseTests(root)
    expect(acceptanceProblems(acceptanceGroups, tests)).toEqual([])
    expect(readFileSync(join(root, acceptancePagePath), 'utf8')).toBe(acceptancePage(acceptanceGroups, tests))
  })

  test('has every case from 1 to 70 once', () => {
    const numbers = acceptanceGroups.flatMap(({ cases }) => cases.map(({ number }) => number))
    expect(numbers).toEqual(Array.from({ length: 70 }, (_, index) => index + 1))
  })

  test('finds tests by their names, those of tables and of several cases too', () => {
    const text = `test('case 1: it\\'s done', f); test.each(x)(\`cases 1, 2 and 3: \${y}\`, f); test("some case 2: no", f)`
    expect(caseTestsOf('a.test.ts', text)).toEqual([
      { file: 'a.test.ts', name: "it's done", cases: [1] },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as a test's name is written
      { file: 'a.test.ts', name: '${y}', cases: [1, 2, 3] },
    ])
  })

  test('misses a case without a test, and refuses a test of no case or of one that does not apply', () => {
    const tests = [
      { file: 'a.test.ts', name: 'it is', cases: [1, 9] },
      { file: 'b.test.ts', name: 'it would', cases: [3] },
    ]
    expect(acceptanceProblems(groups, tests)).toEqual([
      'case 2 has no test: does another',
      'a.test.ts names case 9, which is none to prove: it is',
      'b.test.ts names case 3, which is none to prove: it would',
    ])
  })

  test('tells why a case does not apply, and keeps the table a table', () => {
    const page = acceptancePage(groups, [{ file: 'a.test.ts', name: 'a | b', cases: [1] }])
    expect(page).toContain('| 1 | does a thing | `a.test.ts`: a \\| b |\n')
    expect(page).toContain('| 3 | would do a third | not applicable: there is none |\n')
  })
})

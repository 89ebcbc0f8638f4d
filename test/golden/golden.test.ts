import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { compileCase, expectedFiles, goldenCases } from './golden-cases.ts'
import { goldenText } from './golden-text.ts'

/** README.md beside this file says when to set it. */
const rewrites = process.env['FAIRLEAD_REWRITE_GOLDENS'] === '1'

test.each(goldenCases())('$name gives what was reviewed', async (golden) => {
  const text = goldenText(await compileCase(golden), golden.clusterDirectory)
  if (rewrites) {
    mkdirSync(dirname(golden.expectedFile), { recursive: true })
    writeFileSync(golden.expectedFile, text)
  }
  expect(existsSync(golden.expectedFile) ? readFileSync(golden.expectedFile, 'utf8') : 'not written yet').toBe(text)
})

test('every expected file is one that a case is compared with', () => {
  expect(expectedFiles()).toEqual(
    goldenCases()
      .map(({ expectedFile }) => expectedFile)
      .sort(),
  )
})

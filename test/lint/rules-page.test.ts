import { expect, test } from 'vitest'
import { allRules } from '../../src/lint/catalogue.ts'
import { rulesPage } from '../../src/lint/rules-page.ts'

const page = rulesPage()

test('every rule has a row', () => {
  for (const { id } of allRules) expect(page).toContain(`| \`${id}\` |`)
})

test('a severity is told as the worst there is, and not as what a finding always is', () => {
  const heads = page.split('\n').filter((line) => line.startsWith('| Rule |'))
  expect(heads.length).toBeGreaterThan(0)
  expect(new Set(heads)).toEqual(new Set(['| Rule | Code | At worst | Finds | Releases | Looks at |']))
  expect(page).toContain('The table says what a finding is at worst')
})

test('it says how validate and lint differ', () => {
  expect(page).toMatch(/`fairlead validate` runs them on a checkout\. `fairlead lint` does so too, and on a capture/)
})

import { expect, test } from 'vitest'
import { ruleByNames } from '../../../src/text/sops/named-keys.ts'

const pattern = (text: string, encrypts = true) => ruleByNames({ kind: 'pattern', pattern: text, encrypts })

test('an expression of names is told without running it', () => {
  const rule = pattern('^(data|stringData)$')
  expect([['data', 'a'], ['spec', 'stringData'], ['metadata'], ['dataset'], []].map((path) => rule?.(path))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
  expect(pattern('^kind$', false)?.(['kind'])).toBe(false)
  expect(pattern('^kind$', false)?.(['spec'])).toBe(true)
})

test('a suffix is told for every key above a value', () => {
  const rule = ruleByNames({ kind: 'suffix', suffix: '_unencrypted', encrypts: false })
  expect([['a'], ['a_unencrypted', 'b'], ['_unencryptedx']].map((path) => rule?.(path))).toEqual([true, false, true])
})

for (const text of ['data', '^data', '^(data|string.*)$', '^(?:data)$', '(?i)^data$', '^a.b$', '^(a|(b))$']) {
  test(`${text} is left to those who can run it`, () => expect(pattern(text)).toBeUndefined())
}

import { expect, test } from 'vitest'
import { unifiedDiff } from '../../src/text/line-diff.ts'

test('unifiedDiff shows changed lines with their surroundings', () => {
  expect(unifiedDiff('/etc/x', 'a\nb\nc\n', 'a\nB\nc\n')).toBe(
    ['--- /etc/x', '+++ /etc/x', '@@ -1,3 +1,3 @@', ' a', '-b', '+B', ' c', ''].join('\n'),
  )
})

test('unifiedDiff of equal texts is empty', () => {
  expect(unifiedDiff('/etc/x', 'a\n', 'a\n')).toBe('')
})

test('unifiedDiff names /dev/null for a file that is not there', () => {
  expect(unifiedDiff('/etc/x', undefined, 'a\n')).toBe(
    ['--- /dev/null', '+++ /etc/x', '@@ -0,0 +1,1 @@', '+a', ''].join('\n'),
  )
  expect(unifiedDiff('/etc/x', 'a\n', undefined)).toContain('+++ /dev/null')
})

test('unifiedDiff of large texts that differ everywhere replaces the middle as a block', () => {
  const lines = (prefix: string): string => Array.from({ length: 6000 }, (_, index) => `${prefix}${index}`).join('\n')
  const diff = unifiedDiff('/etc/x', `same\n${lines('a')}\nend\n`, `same\n${lines('b')}\nend\n`)
  expect(diff.split('\n').slice(0, 4)).toEqual(['--- /etc/x', '+++ /etc/x', '@@ -2,6000 +2,6000 @@', '-a0'])
  expect(diff).not.toContain('same')
  expect(diff.split('\n')).toHaveLength(3 + 12_000 + 1)
})

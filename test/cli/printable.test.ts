import { expect, test } from 'vitest'
import { printable, printableText } from '../../src/cli/printable.ts'

test('everything that a terminal obeys instead of shows is escaped', () => {
  expect(printable('a\u0007\u009b31m\u200b\u2028\ud800\n')).toBe('a\\x07\\x9b31m\\u{200b}\\u{2028}\\u{d800}\\x0a')
})

test('ordinary text in any script stays as it is', () => {
  expect(printable('café/主/файл.yaml')).toBe('café/主/файл.yaml')
})

test('text of many lines keeps its line feeds and tabs', () => {
  expect(printableText('a\n\tb\u001b]0;x\u0007\r\n')).toBe('a\n\tb\\x1b]0;x\\x07\\x0d\n')
})

import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const folder = new URL('./', import.meta.url)

test('every case of the checklist is a test, or has its reason in the README', () => {
  const sources = readdirSync(folder).filter((name) => name.endsWith('.test.ts'))
  const tested = sources.flatMap((name) => {
    const text = readFileSync(new URL(name, folder), 'utf8')
    return [...text.matchAll(/conform\(\s*(\d+),/g), ...text.matchAll(/^ {4}\[(5[67]), '/gm)].map(([, number]) =>
      Number(number),
    )
  })
  const rows = readFileSync(new URL('README.md', folder), 'utf8').matchAll(/^\| ([\d, ]+) \| /gm)
  const excused = [...rows].flatMap(([, numbers = '']) => numbers.split(', ').map(Number))
  const all = Array.from({ length: 76 }, (_none, index) => index + 1)
  expect([...new Set([...tested, ...excused])].sort((a, b) => a - b)).toEqual(all)
  expect(excused.filter((number) => tested.includes(number))).toEqual([])
})

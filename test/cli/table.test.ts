import { expect, test } from 'vitest'
import { formatTable } from '../../src/cli/table.ts'

test('columns are as wide as their widest cell, and nothing follows the last one', () => {
  const rows = [
    ['NAME', 'STATE', 'MESSAGE'],
    ['coredns.yaml', 'Current', ''],
    ['a', 'Drifted', 'edited'],
  ]
  expect(formatTable(rows)).toBe(
    'NAME           STATE     MESSAGE\ncoredns.yaml   Current\na              Drifted   edited\n',
  )
})

test('a file name with control characters cannot move the cursor', () => {
  const hostile = 'lan\u001b[2J\r\u202egnp.yaml'
  expect(formatTable([[hostile, 'x']])).toBe('lan\\x1b[2J\\x0d\\u{202e}gnp.yaml   x\n')
})

test('lines are cut at the width of a terminal, and never without one', () => {
  const rows = [['a-rather-long-name', 'a message']]
  expect(formatTable(rows, { columns: 24 })).toBe('a-rather-long-name   a …\n')
  expect(formatTable(rows, { columns: 10 })).toBe('a-rather-…\n')
  expect(formatTable(rows)).toBe('a-rather-long-name   a message\n')
})

test('paint sees the padded cell with its row and column', () => {
  const seen: [string, number, number][] = []
  const paint = (cell: string, row: number, column: number): string => {
    seen.push([cell, row, column])
    return cell
  }
  formatTable([['a', 'b']], { indent: 2, paint })
  expect(seen).toEqual([
    ['a   ', 0, 0],
    ['b', 0, 1],
  ])
})

test('a table that wraps fits, loses nothing, and is as it was where there is room', () => {
  const rows = [
    ['SERVICE', 'BEFORE', 'AFTER'],
    ['default/a-rather-long-name-of-a-service', '10.0.0.1, 10.0.0.2, 10.0.0.3', '10.0.0.4, 10.0.0.5 and 3 more'],
  ]
  const wrapped = formatTable(rows, { columns: 50, wraps: true })
  const lines = wrapped.trimEnd().split('\n')
  expect(lines.length).toBeGreaterThan(2)
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(50)
  for (const word of rows.flat().join(' ').split(/[ /]/)) {
    if (word.length < 12) expect(wrapped).toContain(word)
  }
  expect(formatTable(rows, { columns: 200, wraps: true })).toBe(formatTable(rows))
})

import { expect, test } from 'vitest'
import type { Problem } from '../../src/domain/problem.ts'
import { printProblem } from '../../src/text/problem-print.ts'

const problem: Problem = {
  code: 'CIDR_OVERLAP',
  severity: 'error',
  place: { file: 'clusters/home/network.yaml', line: 14, column: 8 },
  what: 'serviceCIDR lies inside clusterCIDR',
  why: 'an address cannot be both',
  fix: 'choose another',
  sourceLine: '  svc: 10.42.128.0/20',
}

test('printProblem says where, what, why and how to mend it, with a caret below the value', () => {
  expect(printProblem(problem, { color: false })).toBe(
    [
      'clusters/home/network.yaml:14:8  CIDR_OVERLAP',
      '  serviceCIDR lies inside clusterCIDR',
      '  14 |   svc: 10.42.128.0/20',
      '     |        ^',
      '  why  an address cannot be both',
      '  fix  choose another',
    ].join('\n'),
  )
})

test('printProblem leaves the caret out where there is no line to show', () => {
  const { sourceLine: _line, ...bare } = problem
  expect(printProblem(bare, { color: false })).not.toContain('^')
})

test('printProblem names the severity of what is no error', () => {
  expect(printProblem({ ...problem, severity: 'notice' }, { color: false })).toContain('CIDR_OVERLAP (notice)')
})

test('printProblem cuts a long line around the column', () => {
  const sourceLine = `${'x'.repeat(300)}HERE${'y'.repeat(300)}`
  const printed = printProblem({ ...problem, sourceLine, place: { ...problem.place, column: 301 } }, { color: false })
  const [, , line = '', caret = ''] = printed.split('\n')
  expect(line.length).toBeLessThan(120)
  expect(line.indexOf('HERE')).toBe(caret.indexOf('^'))
})

test('printProblem keeps tabs, so that the caret stays below its column', () => {
  const printed = printProblem(
    { ...problem, sourceLine: '\tab', place: { ...problem.place, column: 2 } },
    { color: false },
  )
  expect(printed).toContain('  14 | \tab\n     | \t^')
})

test('printProblem lets nothing in the repository drive the terminal', () => {
  const hostile = '\u001B[2J\u009B\u0007'
  const printed = printProblem(
    {
      ...problem,
      what: hostile,
      why: hostile,
      fix: hostile,
      sourceLine: hostile,
      place: { ...problem.place, file: hostile },
    },
    { color: false },
  )
  expect(printed).not.toMatch(/[^\P{Cc}\n]/u)
})

test('printProblem colours with escape codes when asked', () => {
  expect(printProblem(problem, { color: true })).toContain('\u001B[31mCIDR_OVERLAP\u001B[0m')
})

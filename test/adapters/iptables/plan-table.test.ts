import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jumpPlace } from '../../../src/adapters/iptables/jump-place.ts'
import { emptyTable, type OwnTable, parseOwnTables } from '../../../src/adapters/iptables/own-tables.ts'
import { isProvablyOurs } from '../../../src/adapters/iptables/ownership.ts'
import { planTable } from '../../../src/adapters/iptables/plan-table.ts'
import { restoreText } from '../../../src/adapters/iptables/restore-text.ts'
import { nothingWanted, type WantedTable } from '../../../src/adapters/iptables/wanted-table.ts'

const one = '-A FAIRLEAD-INPUT -p tcp -m comment --comment "fairlead:aaaaaaaaaaaa" -j ACCEPT'
const jump = '-m comment --comment "fairlead:bbbbbbbbbbbb" -j FAIRLEAD-INPUT'
const wanted: WantedTable = {
  table: 'filter',
  chains: new Map([['FAIRLEAD-INPUT', [one]]]),
  jumps: [{ from: 'INPUT', body: jump, chain: 'FAIRLEAD-INPUT', before: [], after: [] }],
}
const never = (): boolean => false

function live(...lines: readonly string[]): OwnTable {
  const text = ['*filter', ':INPUT ACCEPT [0:0]', ...lines, 'COMMIT'].join('\n')
  return parseOwnTables(text).tables.get('filter') ?? emptyTable('filter')
}

describe('one transaction of one table', () => {
  test('writes chains, then rules, then jumps', () => {
    expect(planTable(emptyTable('filter'), wanted, never)?.lines).toEqual([
      '*filter',
      ':FAIRLEAD-INPUT - [0:0]',
      one,
      `-I INPUT 1 ${jump}`,
      'COMMIT',
    ])
  })

  test('is none at all when everything is as it should be', () => {
    expect(planTable(live(':FAIRLEAD-INPUT - [0:0]', `-A INPUT ${jump}`, one), wanted, never)).toBeUndefined()
  })

  test('guards the jump that stays while the chain is written anew', () => {
    expect(planTable(live(':FAIRLEAD-INPUT - [0:0]', `-A INPUT ${jump}`), wanted, never)?.lines).toEqual([
      '*filter',
      `-C INPUT ${jump}`,
      ':FAIRLEAD-INPUT - [0:0]',
      one,
      'COMMIT',
    ])
  })

  test('removes a retired chain with every jump to it, whoever wrote it', () => {
    const here = live(':FAIRLEAD-INPUT - [0:0]', `-A INPUT ${jump}`, '-A INPUT -j FAIRLEAD-INPUT', one)
    const plan = planTable(here, nothingWanted('filter'), (chain) => isProvablyOurs(here, chain))
    expect(plan).toMatchObject({ onlyRemoves: true, narrows: false })
    expect(plan?.lines).toEqual([
      '*filter',
      `-D INPUT ${jump}`,
      '-D INPUT -j FAIRLEAD-INPUT',
      '-F FAIRLEAD-INPUT',
      '-X FAIRLEAD-INPUT',
      'COMMIT',
    ])
  })

  test('a jump inside of somebody’s comment is none', () => {
    const here = live(':FAIRLEAD-INPUT - [0:0]', '-A INPUT -m comment --comment "x -j FAIRLEAD-INPUT y" -j DROP')
    expect(here.jumps).toEqual([])
    expect(here.targets.get('INPUT')).toEqual(['DROP'])
  })

  test('what was written is found settled, wherever the other jumps stand', () => {
    const target = fc.constantFrom('A', 'B', 'C', 'ACCEPT')
    fc.assert(
      fc.property(
        fc.array(target, { maxLength: 8 }),
        fc.array(target, { maxLength: 2 }),
        fc.array(target, { maxLength: 2 }),
        (targets, before, after) => {
          const entry: WantedTable = { ...wanted, jumps: wanted.jumps.map((each) => ({ ...each, before, after })) }
          const rules = targets.map((name) => `-A INPUT -j ${name}`)
          const plan = planTable(live(...rules), entry, never)
          const place = Number(/-I INPUT (\d+)/.exec(plan?.lines.join('\n') ?? '')?.[1])
          const written = live(':FAIRLEAD-INPUT - [0:0]', ...rules.toSpliced(place - 1, 0, `-A INPUT ${jump}`), one)
          expect(planTable(written, entry, never)).toBeUndefined()
          const firstBefore = targets.findIndex((name) => before.includes(name))
          if (firstBefore >= 0) expect(place - 1).toBeLessThanOrEqual(firstBefore)
        },
      ),
    )
  })
})

describe('the place of a jump', () => {
  test.each([
    { before: [], after: [], targets: ['A', 'B'], expected: { first: 0, last: 2 } },
    { before: ['B'], after: [], targets: ['A', 'B'], expected: { first: 0, last: 1 } },
    { before: [], after: ['A'], targets: ['A', 'B'], expected: { first: 1, last: 2 } },
    { before: ['A'], after: ['B'], targets: ['A', 'B'], expected: { first: 0, last: 0 } },
    { before: ['Z'], after: ['Y'], targets: ['A'], expected: { first: 0, last: 1 } },
  ])('before $before, after $after, among $targets', ({ before, after, targets, expected }) => {
    expect(jumpPlace({ before, after }, targets)).toEqual(expected)
  })
})

describe('the text for iptables-restore', () => {
  test.each([
    '-A FAIRLEAD-INPUT -j ACCEPT\n-P FORWARD DROP',
    '-P FORWARD DROP',
    ':INPUT ACCEPT [0:0]',
    '-A FAIRLEAD-INPUT -m comment --comment "\u0000" -j DROP',
    '-A FAIRLEAD-INPUT -m comment --comment "ä" -j DROP',
    '# comment',
  ])('is none with %j in it', (line) => {
    expect(() => restoreText(['*filter', line, 'COMMIT'])).toThrow('not a line for iptables-restore')
  })
})

import { describe, expect, test } from 'vitest'
import { kernelMembers, parseIpsetSave, planSets, setPayload } from '../../../src/adapters/iptables/address-sets.ts'
import { refusedLine, toolWords, writeVerdict } from '../../../src/adapters/iptables/refusal.ts'

const set = { name: 'FAIRLEAD4-A', family: 4, members: ['10.0.0.0/8', '192.0.2.1/32'] } as const
const saved = `create FAIRLEAD4-A hash:net family inet hashsize 1024 maxelem 1048576 bucketsize 12 initval 0x1
add FAIRLEAD4-A 192.0.2.1
add FAIRLEAD4-A 10.0.0.0/8
create KUBE-SRC-X hash:ip family inet hashsize 1024 maxelem 65536
`

describe('sets of addresses', () => {
  test('are built beside the one in use, and swapped', () => {
    expect(setPayload([set]).trimEnd().split('\n')).toEqual([
      'create FAIRLEAD4-A hash:net family inet maxelem 1048576',
      'create FAIRLEAD4-A~ hash:net family inet maxelem 1048576',
      'flush FAIRLEAD4-A~',
      'add FAIRLEAD4-A~ 10.0.0.0/8',
      'add FAIRLEAD4-A~ 192.0.2.1',
      'swap FAIRLEAD4-A~ FAIRLEAD4-A',
      'destroy FAIRLEAD4-A~',
    ])
  })

  test('are settled in any order of their members; those of others are never removed', () => {
    expect(planSets(parseIpsetSave(saved), [set])).toEqual({ written: [], removed: [] })
    expect(planSets(parseIpsetSave(saved), [{ ...set, members: ['10.0.0.0/8'] }]).written).toHaveLength(1)
    expect(planSets(parseIpsetSave(saved), [])).toEqual({ written: [], removed: ['FAIRLEAD4-A'] })
  })

  test('everything is two halves', () => {
    expect(kernelMembers({ family: 6, members: ['::/0', 'fd00::1/128'] })).toEqual(['::/1', '8000::/1', 'fd00::1'])
  })

  test.each(['10.0.0.0/8\nflush', 'KUBE', ''])('a member %j is an error of ours', (member) => {
    expect(() => setPayload([{ ...set, members: [member] }])).toThrow('not a network')
  })
})

describe('what a restore says', () => {
  test.each([
    ['iptables-nft-restore v1.8.9 (nf_tables): \nline 4: RULE_APPEND failed (Invalid argument): rule in chain X\n', 4],
    ['iptables-restore: line 7 failed\n', 7],
    [
      "iptables-restore v1.8.9 (legacy): Couldn't load target `X':No such file or directory\n\nError occurred at line: 4\n",
      4,
    ],
    ['', undefined],
  ])('%j names its line', (stderr, line) => {
    expect(refusedLine(stderr)).toBe(line)
  })

  test('is one line without the name of the tool', () => {
    expect(
      toolWords(
        "iptables-nft-restore v1.8.9 (nf_tables): Set X doesn't exist.\n\nError occurred at line: 3\nTry `x -h'\n",
      ),
    ).toBe("Set X doesn't exist.; Error occurred at line: 3")
  })

  test.each([
    [4, 'Another app is currently holding the xtables lock. Stopped waiting after 1s.', 'locked'],
    [undefined, '', 'locked'],
    [1, 'iptables-restore: line 2 failed', 'changed'],
    [2, "Chain 'FAIRLEAD-INPUT' does not exist", 'changed'],
    [4, 'line 5: CHAIN_DEL failed (Device or resource busy): chain X', 'changed'],
    [4, 'line 3: RULE_APPEND failed (Invalid argument)', 'failed'],
    [3, 'can not initialise table', 'failed'],
  ] as const)('%s %j', (code, stderr, verdict) => {
    expect(writeVerdict(code, stderr)).toBe(verdict)
  })
})

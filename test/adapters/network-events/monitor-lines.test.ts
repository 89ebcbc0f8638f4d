import { describe, expect, test } from 'vitest'
import { readIpLine, readNftLine } from '../../../src/adapters/network-events/monitor-lines.ts'

describe('a line of nft monitor', () => {
  test.each([
    ['# new generation 12 by process 4211 (iptables-nft-re)', { kind: 'event', by: 'iptables-nft-re (4211)' }],
    ['# new generation 12 by process 4211 ()', { kind: 'event' }],
    ['# new generation 12', { kind: 'event' }],
    ['# ERROR: We lost some netlink events!', { kind: 'lost' }],
    ['add rule inet x c accept', { kind: 'part' }],
  ])('%s', (line, expected) => {
    expect(readNftLine(line, 'stdout')).toEqual(expected)
  })

  test('on the other stream tells that something went wrong', () => {
    expect(readNftLine('netlink: Error: something', 'stderr')).toEqual({ kind: 'lost' })
  })
})

describe('a line of ip monitor', () => {
  test.each([
    ['Deleted 198.51.100.0/24 via 192.0.2.9 dev v0', 'stdout', 'event'],
    ['    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff', 'stdout', 'part'],
    ['netlink receive error No buffer space available (105)', 'stderr', 'lost'],
  ] as const)('%s', (line, stream, kind) => {
    expect(readIpLine(line, stream)).toEqual({ kind })
  })
})

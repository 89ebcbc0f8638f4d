import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { familyOf, formatAddress, formatCidr, parseAddress, parseCidr } from '../../src/domain/cidr.ts'

const refused = [
  { text: '10.0.0.0', because: 'a prefix length is part of a network' },
  { text: '10.0.0.0/33', because: 'IPv4 has 32 bits' },
  { text: '10.0.0.0/99', because: 'some libraries take it' },
  { text: 'fd00::/129', because: 'IPv6 has 128 bits' },
  { text: '010.0.0.0/8', because: 'some readers take it as octal 8.0.0.0' },
  { text: '10.0.0.0/08', because: 'prefix lengths have no leading zero' },
  { text: '10.0.0/8', because: 'a part is missing' },
  { text: '10.0.0.256/8', because: 'a part is too large' },
  { text: '0x0a.0.0.0/8', because: 'hexadecimal is no dotted decimal' },
  { text: '10.0.0.0/-1', because: 'no negative prefix' },
  { text: '10.0.0.0/8/8', because: 'one prefix only' },
  { text: ' 10.0.0.0/8', because: 'no spaces' },
  { text: 'fe80::1%eth0/64', because: 'a zone is no part of a network' },
  { text: '1::2::3/64', because: 'two gaps cannot be told apart' },
  { text: '1:2:3:4:5:6:7::8/64', because: 'a gap stands for at least one group, and here none is left' },
  { text: '12345::/64', because: 'a group has four digits at most' },
  { text: ':1::/64', because: 'a lone colon at the start' },
  { text: '/8', because: 'there is no address' },
  { text: '', because: 'there is nothing' },
]

for (const { text, because } of refused) {
  test(`parseCidr refuses ${JSON.stringify(text)}`, () => expect(parseCidr(text), because).toBeUndefined())
}

test('parseCidr takes a network of each family, down to its edges', () => {
  expect(parseCidr('10.42.0.0/16')).toEqual({
    text: '10.42.0.0/16',
    family: 4,
    network: 0x0a2a0000n,
    prefixBits: 16,
    hasHostBits: false,
  })
  expect(parseCidr('0.0.0.0/0')).toMatchObject({ network: 0n, prefixBits: 0, hasHostBits: false })
  expect(parseCidr('255.255.255.255/32')).toMatchObject({ network: 0xffffffffn, hasHostBits: false })
  expect(parseCidr('fd00:42::/56')).toMatchObject({ family: 6, network: 0xfd00_0042n << 96n, prefixBits: 56 })
  expect(parseCidr('::1/128')).toMatchObject({ network: 1n, hasHostBits: false })
  expect(parseCidr('::ffff:10.0.0.1/128')).toMatchObject({ family: 6, network: 0xffff_0a00_0001n })
})

test('parseCidr tells an address inside a network from the network', () => {
  const cidr = parseCidr('10.0.0.5/24')
  expect(cidr).toMatchObject({ network: 0x0a000000n, hasHostBits: true })
  expect(cidr === undefined ? '' : formatCidr(cidr)).toBe('10.0.0.0/24')
})

test('familyOf goes by the colon', () => {
  expect([familyOf('10.0.0.1'), familyOf('fd00::/8')]).toEqual([4, 6])
})

describe('formatAddress', () => {
  test('shortens IPv6 as RFC 5952 asks', () => {
    const cases = [
      ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['0:0:0:0:0:0:0:0', '::'],
      ['1:0:0:0:0:0:0:0', '1::'],
      ['0:0:0:0:0:0:0:1', '::1'],
      ['2001:DB8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ] as const
    for (const [written, canonical] of cases) {
      const address = parseAddress(written)
      expect(address === undefined ? undefined : formatAddress(address)).toBe(canonical)
    }
  })

  test('gives back what parseAddress read, for any address', () => {
    const address = fc.oneof(
      fc.bigInt(0n, 2n ** 32n - 1n).map((value) => ({ family: 4 as const, value })),
      fc.bigInt(0n, 2n ** 128n - 1n).map((value) => ({ family: 6 as const, value })),
      fc.array(fc.constantFrom<bigint[]>(0n, 1n, 0xffffn), { minLength: 8, maxLength: 8 }).map((groups) => ({
        family: 6 as const,
        value: groups.reduce<bigint>((sum, group) => (sum << 16n) | group, 0n),
      })),
    )
    fc.assert(
      fc.property(address, (given) => {
        expect(parseAddress(formatAddress(given))).toEqual(given)
      }),
    )
  })
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatCidr, parseAddress, parseCidr } from '../../../src/domain/cidr.ts'
import { minimalNetworks } from '../../../src/render/firewall/minimal-networks.ts'

const cases: { name: string; texts: string[]; family: 4 | 6; expected: string[] }[] = [
  {
    name: 'addresses become networks',
    texts: ['10.0.0.1', '10.0.0.9'],
    family: 4,
    expected: ['10.0.0.1/32', '10.0.0.9/32'],
  },
  { name: 'other families are left out', texts: ['10.0.0.1', 'fd00::1'], family: 6, expected: ['fd00::1/128'] },
  {
    name: 'networks inside another are left out',
    texts: ['10.1.0.0/16', '10.0.0.0/8', '10.1.2.3'],
    family: 4,
    expected: ['10.0.0.0/8'],
  },
  {
    name: 'halves join, and the halves that they make',
    texts: ['10.0.0.0/25', '10.0.1.0/24', '10.0.0.128/25'],
    family: 4,
    expected: ['10.0.0.0/23'],
  },
  {
    name: 'neighbours that are no halves stay',
    texts: ['10.0.1.0/24', '10.0.2.0/24'],
    family: 4,
    expected: ['10.0.1.0/24', '10.0.2.0/24'],
  },
  { name: 'all halves make everything', texts: ['0.0.0.0/1', '128.0.0.0/1'], family: 4, expected: ['0.0.0.0/0'] },
  {
    name: 'bytes decide the order',
    texts: ['9.0.0.0/8', '10.0.0.0/8'],
    family: 4,
    expected: ['10.0.0.0/8', '9.0.0.0/8'],
  },
  { name: 'nothing', texts: [], family: 4, expected: [] },
]
test.each(cases)('$name', ({ texts, family, expected }) => expect(minimalNetworks(texts, family)).toEqual(expected))

const network = fc
  .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 26, max: 32 }))
  .map(([last, prefixBits]) =>
    formatCidr(parseCidr(`10.0.0.${last}/${prefixBits}`) ?? { family: 4, network: 0n, prefixBits }),
  )

test('the same addresses, in as few networks as can be', () => {
  fc.assert(
    fc.property(fc.array(network, { maxLength: 20 }), (texts) => {
      const minimal = minimalNetworks(texts, 4)
      for (let last = 0; last < 80; last++) {
        expect([last, isIn(minimal, last)]).toEqual([last, isIn(texts, last)])
      }
      expect(minimalNetworks(minimal, 4)).toEqual(minimal)
      expect(minimalNetworks(texts.toReversed(), 4)).toEqual(minimal)
    }),
  )
})

function isIn(texts: readonly string[], last: number): boolean {
  const value = parseAddress(`10.0.0.${last}`)?.value ?? 0n
  return texts.map(parseCidr).some((cidr) => {
    const bits = BigInt(32 - (cidr?.prefixBits ?? 0))
    return cidr !== undefined && cidr.network >> bits === value >> bits
  })
}

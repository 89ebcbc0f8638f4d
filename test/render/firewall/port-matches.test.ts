import fc from 'fast-check'
import { expect, test } from 'vitest'
import { otherPortMatches, portMatches } from '../../../src/render/firewall/port-matches.ts'

const port = fc.oneof(
  fc.integer({ min: 1, max: 90 }),
  fc
    .tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 0, max: 9 }))
    .map(([first, more]) => `${first}-${first + more}`),
  fc.constantFrom(65_535, '65000-65535'),
)
const ports = fc.array(port, { minLength: 1, maxLength: 60 })
const asked = [0, ...Array.from({ length: 110 }, (_, index) => index + 1), 64_999, 65_000, 65_535]

function isWritten(list: readonly (number | string)[], number: number): boolean {
  return list.some((one) => {
    const [first = 0, last = first] = String(one).split('-').map(Number)
    return first <= number && number <= last
  })
}

test('matches hold the ports that are written, each once, 15 places at most', () => {
  fc.assert(
    fc.property(ports, (list) => {
      const matches = portMatches(list)
      for (const number of asked) {
        const found = matches.filter((match) =>
          match?.ranges.some(({ first, last }) => first <= number && number <= last),
        )
        expect(found.length).toBe(isWritten(list, number) ? 1 : 0)
      }
      for (const match of matches) {
        const places = match?.ranges.reduce((sum, { first, last }) => sum + (first === last ? 1 : 2), 0)
        expect(places).toBeLessThanOrEqual(15)
        expect(match?.negated).toBe(false)
      }
    }),
  )
})

test('every port but these: one negated match, or what is left where they are too many', () => {
  fc.assert(
    fc.property(ports, (list) => {
      const matches = otherPortMatches(list)
      if (matches.some(({ negated }) => negated)) expect(matches).toHaveLength(1)
      for (const number of asked) {
        const found = matches.filter(
          ({ ranges, negated }) => ranges.some(({ first, last }) => first <= number && number <= last) !== negated,
        )
        expect(found.length).toBe(isWritten(list, number) ? 0 : 1)
      }
    }),
  )
})

test('neighbours join', () => {
  expect(portMatches([80, 81, '82-90', 443])).toEqual([
    {
      ranges: [
        { first: 80, last: 90 },
        { first: 443, last: 443 },
      ],
      negated: false,
    },
  ])
  expect(portMatches(undefined)).toEqual([undefined])
})

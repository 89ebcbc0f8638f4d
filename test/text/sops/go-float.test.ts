import fc from 'fast-check'
import { expect, test } from 'vitest'
import { printGoFloat } from '../../../src/text/sops/go-float.ts'

/** From a Go program: strconv.FormatFloat(x, 'f', -1, 64). */
const cases: readonly (readonly [number, string])[] = [
  [0, '0'],
  [-0, '-0'],
  [5, '5'],
  [-1.5, '-1.5'],
  [0.1, '0.1'],
  [1234.56789, '1234.56789'],
  [1e21, '1000000000000000000000'],
  [1.5e22, '15000000000000000000000'],
  [1e-7, '0.0000001'],
  [-2.25e-10, '-0.000000000225'],
  [2 ** 53, '9007199254740992'],
]
for (const [value, text] of cases) {
  test(`${value} is ${text} to Go`, () => expect(printGoFloat(value)).toBe(text))
}

test('every number reads back as itself, without an exponent', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = printGoFloat(value)
      expect(text).toMatch(/^-?\d+(\.\d*[1-9])?$/)
      expect(Object.is(Number(text), value)).toBe(true)
    }),
  )
})

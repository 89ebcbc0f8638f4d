import { describe, expect, test } from 'vitest'
import { resolvePlain, text } from '../../src/text/yaml11-scalars.ts'

const cases: readonly (readonly [source: string, type: string, text: string, because: string])[] = [
  ['yes', 'boolean', 'true', 'a word of YAML 1.1'],
  ['Yes', 'boolean', 'true', 'in three spellings'],
  ['YES', 'boolean', 'true', 'in three spellings'],
  ['yEs', 'string', 'yEs', 'and no other'],
  ['y', 'boolean', 'true', 'the letter alone too'],
  ['N', 'boolean', 'false', 'the letter alone too'],
  ['on', 'boolean', 'true', 'a word of YAML 1.1'],
  ['off', 'boolean', 'false', 'a word of YAML 1.1'],
  ['true', 'boolean', 'true', 'a word of every YAML'],
  ['none', 'string', 'none', 'a word of nobody'],
  ['~', 'null', '', 'null prints as nothing'],
  ['Null', 'null', '', 'null prints as nothing'],
  ['', 'null', '', 'a key without a value'],
  ['0644', 'integer', '420', 'a leading zero is octal'],
  ['0o644', 'integer', '420', 'as is Go’s own spelling'],
  ['-0644', 'integer', '-420', 'with a sign as well'],
  ['0888', 'float', '888', 'not octal, and so a float'],
  ['0x1F', 'integer', '31', 'hexadecimal'],
  ['0b101', 'integer', '5', 'binary'],
  ['1_000', 'integer', '1000', 'underscores are dropped'],
  ['+6443', 'integer', '6443', 'the sign is not kept'],
  ['9223372036854775808', 'integer', '9223372036854775808', 'up to 64 bits without a sign'],
  ['18446744073709551616', 'float', '1.8446744073709552e+19', 'and no further'],
  ['1e3', 'float', '1000', 'an exponent makes a float'],
  ['1e6', 'float', '1e+06', 'printed with one from a million up'],
  ['123456.75', 'float', '123456.75', 'below that plainly'],
  ['1.0', 'float', '1', 'zeros behind the point go'],
  ['1.10', 'float', '1.1', 'so a version is not what was written'],
  ['.5', 'float', '0.5', 'without a leading digit'],
  ['5.', 'float', '5', 'without a trailing one'],
  ['0.0001', 'float', '0.0001', 'small ones plainly'],
  ['0.00001', 'float', '1e-05', 'smaller ones not'],
  ['-0.0', 'float', '-0', 'the sign of zero stays'],
  ['1e999', 'string', '1e999', 'too large for a float'],
  ['.inf', 'float', '+Inf', 'as Go prints it'],
  ['-.INF', 'float', '-Inf', 'as Go prints it'],
  ['.nan', 'float', 'NaN', 'as Go prints it'],
  ['10:30', 'string', '10:30', 'numbers to the base of 60 are not supported by K3s’s reader'],
  ['30000-32767', 'string', '30000-32767', 'a range is text'],
  ['10.42.0.0/16', 'string', '10.42.0.0/16', 'a CIDR is text'],
  ['10.42.0.0', 'string', '10.42.0.0', 'two points are text'],
  ['fd00::1', 'string', 'fd00::1', 'an IPv6 address is text'],
  ['1234e5f', 'string', '1234e5f', 'a hash is text'],
  ['2024-01-31', 'timestamp', '2024-01-31', 'a date stays as it is written'],
  ['2024-1-3', 'timestamp', '2024-1-3', 'in short form too'],
  ['2024-02-30', 'string', '2024-02-30', 'no day of any calendar'],
  ['2001-12-14T21:59:43.10-05:00', 'timestamp', '2001-12-14T21:59:43.10-05:00', 'with a time and a zone'],
  ['2001-12-14 21:59:43', 'timestamp', '2001-12-14 21:59:43', 'with a time'],
  ['2001-12-14 25:00:00', 'string', '2001-12-14 25:00:00', 'no hour of the day'],
  ['-', 'string', '-', 'a sign alone'],
  ['constructor', 'string', 'constructor', 'no word of ours'],
]

describe('a plain scalar', () => {
  for (const [source, type, printed, because] of cases) {
    test(`${source === '' ? 'nothing' : source}: ${because}`, () => {
      expect(resolvePlain(source)).toEqual({ type, text: printed })
    })
  }
})

test('a quoted scalar is text, without the blanks around it', () => {
  expect(text(' yes\n')).toEqual({ type: 'string', text: 'yes' })
  expect(text('\u0085x\u00a0')).toEqual({ type: 'string', text: 'x' })
})

test('a megabyte of digits is answered', () => {
  expect(resolvePlain('9'.repeat(1_000_000)).type).toBe('string')
  expect(resolvePlain(`${'9'.repeat(1_000_000)}x`).type).toBe('string')
})

import { expect, test } from 'vitest'
import { isCronExpression } from '../../src/schema/cron-form.ts'

test('cron expressions of five fields are taken', () => {
  for (const text of ['* * * * *', '0 2 * * 6', '*/15 0-6,22 1 jan,JUL mon-fri', '59 23 31 12 7', '0-30/10 * * * *']) {
    expect(isCronExpression(text), text).toBe(true)
  }
})

test('everything else is refused', () => {
  for (const text of [
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 8',
    '5-1 * * * *',
    '*/0 * * * *',
    '1/2/3 * * * *',
    '1- * * * *',
    '- * * * *',
    '@daily',
    'a * * * *',
    '*  * * * *',
  ]) {
    expect(isCronExpression(text), text).toBe(false)
  }
})

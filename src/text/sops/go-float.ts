/**
 * Go's `strconv.FormatFloat(value, 'f', -1, 64)`: the shortest digits that read back as the same number, never with an
 * exponent.
 */
export function printGoFloat(value: number): string {
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
  const sign = mantissa.startsWith('-') || Object.is(value, -0) ? '-' : ''
  const digits = mantissa.replace(/[-.]/g, '')
  const power = Number(exponent)
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`
  const whole = digits.slice(0, power + 1).padEnd(power + 1, '0')
  const rest = digits.slice(power + 1)
  return `${sign}${whole}${rest === '' ? '' : `.${rest}`}`
}

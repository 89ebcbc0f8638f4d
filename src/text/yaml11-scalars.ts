import type { ConfigScalar } from '../domain/k3s-config-reading.ts'

/** What a plain scalar is to K3s, and how K3s writes it into an argument. */
export interface ResolvedScalar {
  readonly type: ConfigScalar['type']
  readonly text: string
}

/**
 * A plain scalar as K3s's YAML reader resolves it and Go prints it: `yes` is `true`, `0644` is `420`, `1e7` is `1e+07`.
 * Numbers to the base of 60 (`10:30`) stay text, unlike in other YAML 1.1 readers, and a date stays as it is written.
 * @see go-yaml/yaml v2 resolve.go, decode.go; k3s-io/k3s pkg/configfilearg/convert.go
 */
export function resolvePlain(source: string): ResolvedScalar {
  const word = words[source]
  if (word !== undefined) return word
  if (isTimestamp(source)) return { type: 'timestamp', text: source }
  if (/^[-+0-9]/.test(source)) return number(source.replaceAll('_', '')) ?? text(source)
  if (/^\.[0-9]+([eE][-+]?[0-9]+)?$/.test(source)) return float(source) ?? text(source)
  return text(source)
}

/** A scalar that is text whatever it looks like: quoted, a block, or tagged `!!str`. */
export function text(source: string): ResolvedScalar {
  return { type: 'string', text: trimSpace(source) }
}

function spellings(word: string): readonly string[] {
  return [word, `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`, word.toUpperCase()]
}

function table(
  entries: readonly (readonly [readonly string[], ResolvedScalar])[],
): Readonly<Record<string, ResolvedScalar>> {
  const result: Record<string, ResolvedScalar> = Object.create(null)
  for (const [names, resolved] of entries) for (const name of names) result[name] = resolved
  return result
}

/** `y` and `n` are among them; `yEs` is not. */
const words = table([
  [['y', 'yes', 'true', 'on'].flatMap(spellings), { type: 'boolean', text: 'true' }],
  [['n', 'no', 'false', 'off'].flatMap(spellings), { type: 'boolean', text: 'false' }],
  [['', '~', ...spellings('null')], { type: 'null', text: '' }],
  [['.nan', '.NaN', '.NAN'], { type: 'float', text: 'NaN' }],
  [['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'], { type: 'float', text: '+Inf' }],
  [['-.inf', '-.Inf', '-.INF'], { type: 'float', text: '-Inf' }],
])

/** Integers in any base that fit into 64 bits; what does not fit, or is no octal number for all its zeros, may be a float. */
function number(source: string): ResolvedScalar | undefined {
  const integer = parseInteger(source)
  if (integer !== undefined) return { type: 'integer', text: integer.toString() }
  return /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(source) ? float(source) : undefined
}

const maxInt64 = 2n ** 63n - 1n
const maxUint64 = 2n ** 64n - 1n

function parseInteger(source: string): bigint | undefined {
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/s.exec(source) ?? []
  const magnitude = parseMagnitude(digits)
  if (magnitude === undefined) return undefined
  if (sign === '-') return magnitude <= maxInt64 + 1n ? -magnitude : undefined
  return magnitude <= (sign === '+' ? maxInt64 : maxUint64) ? magnitude : undefined
}

/** Go's base 0: the prefix decides, and a leading zero means octal. */
function parseMagnitude(digits: string): bigint | undefined {
  // Longer ones cannot fit, and would be slow to convert.
  if (digits.length > 80) return undefined
  if (/^(0x[0-9a-f]+|0b[01]+|0o[0-7]+)$/i.test(digits)) return BigInt(digits.toLowerCase())
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits.slice(1)}`)
  return /^(0|[1-9][0-9]*)$/.test(digits) ? BigInt(digits) : undefined
}

function float(source: string): ResolvedScalar | undefined {
  const value = Number(source)
  return Number.isFinite(value) ? { type: 'float', text: printFloat(value) } : undefined
}

/** Go's `%v`: the shortest digits, with an exponent of at least two digits from 1e+06 up and below 1e-04. */
function printFloat(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
  const power = Number(exponent)
  if (power >= -4 && power < 6) return plainDecimal(mantissa, power)
  const digits = String(Math.abs(power)).padStart(2, '0')
  return `${mantissa}e${power < 0 ? '-' : '+'}${digits}`
}

function plainDecimal(mantissa: string, power: number): string {
  const sign = mantissa.startsWith('-') ? '-' : ''
  const digits = mantissa.replace(/[-.]/g, '')
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`
  const whole = digits.slice(0, power + 1).padEnd(power + 1, '0')
  const rest = digits.slice(power + 1)
  return `${sign}${whole}${rest === '' ? '' : `.${rest}`}`
}

/** The four forms that are dates to it; what is no day of the calendar stays text, which K3s prints just the same. */
function isTimestamp(source: string): boolean {
  const match =
    /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(?:Z|[-+]\d{2}:\d{2}))|(?: (\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?))?$/.exec(
      source,
    )
  if (match === null) return false
  const [year = 0, month = 0, day = 0, ...time] = match.slice(1).map((part) => Number(part ?? 0))
  const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate()
  const [hours, minutes, seconds] = [Math.max(time[0] ?? 0, time[3] ?? 0), maxOf(time, 1, 4), maxOf(time, 2, 5)]
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth && hours < 24 && minutes < 60 && seconds < 60
}

function maxOf(parts: readonly number[], first: number, second: number): number {
  return Math.max(parts[first] ?? 0, parts[second] ?? 0)
}

/** Go's `strings.TrimSpace`, which K3s runs over every value. */
function trimSpace(source: string): string {
  return source.replace(/^[\p{White_Space}]+/u, '').replace(/[\p{White_Space}]+$/u, '')
}

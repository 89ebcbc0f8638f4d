import { createHash } from 'node:crypto'
import { stableJson } from './stable-json.ts'

export const currentVersion = 1

export interface Envelope {
  readonly version: number
  readonly digest: unknown
  readonly value: unknown
}

const [beforeValue, afterValue] = [',\n  "value": ', ',\n  "version": ']

/**
 * `{ "digest": …, "value": …, "version": 1 }` as `stableJson` has it, the digest over the value's own text. The value is
 * made into text once: a program of 10,000 rules takes a tenth of a second each time.
 */
export function printEnvelope(value: object): string {
  const text = stableJson(value)
  // No text in JSON holds a bare end of line: each of them begins a line of the value.
  const indented = text.trimEnd().replaceAll('\n', '\n  ')
  return `{\n  "digest": "${digestOf(text)}"${beforeValue}${indented}${afterValue}${currentVersion}\n}\n`
}

/** Undefined when the text is none. */
export function parseEnvelope(text: string): Envelope | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined
  const { version, digest, value } = parsed as { version?: unknown; digest?: unknown; value?: unknown }
  return typeof version === 'number' && value !== undefined ? { version, digest, value } : undefined
}

/** Whether the value is the one that was written: by the very text that it came in, otherwise by what it says. */
export function isWhole(text: string, { digest, value }: Envelope): boolean {
  const [start, end] = [text.indexOf(beforeValue), text.lastIndexOf(afterValue)]
  const own = text.slice(start + beforeValue.length, end).replaceAll('\n  ', '\n')
  return (start >= 0 && digest === digestOf(`${own}\n`)) || digest === digestOf(stableJson(value))
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

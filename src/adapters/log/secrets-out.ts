import { Failure } from '../../domain/failure.ts'

const secretNames = ['token', 'password', 'secret', 'authorization', 'privateKey']

/** Fields whose value never reaches a log, at the top and one level below. */
export const redactedPaths: readonly string[] = [
  ...secretNames,
  ...secretNames.map((name) => `*.${name}`),
  'headers.authorization',
  '*.headers.authorization',
]

/** `https://user:password@host` anywhere in a text. */
const credentials = /([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]+(?::[^\s/?#@]*)?@/gi
const deepest = 6

/** The same fields with errors as plain data and without credentials in URLs. */
export function withoutCredentials(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, cleaned(value, 1)]))
}

function cleaned(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.replace(credentials, '$1')
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return plainError(value)
  if (value instanceof URL) return cleaned(value.href, depth)
  if (depth >= deepest) return '[deeper than logs go]'
  if (Array.isArray(value)) return value.map((member) => cleaned(member, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, cleaned(member, depth + 1)]))
}

/**
 * A refusal of the world as its code and words; anything else is our mistake and comes with its stack. Causes stay out:
 * they are other people's errors, and some carry whole requests.
 */
function plainError(error: Error): Record<string, unknown> {
  if (error instanceof Failure) {
    const { code, where, fix } = error.detail
    return { code, where: cleaned(where, 1), fix: cleaned(fix, 1), message: cleaned(error.message, 1) }
  }
  return { type: error.name, message: cleaned(error.message, 1), stack: cleaned(error.stack ?? '', 1) }
}

import { isRecord } from '../../domain/plain-json.ts'

/**
 * One key of the Traefik chart's values, by chart major. A bound that is absent is open; what has neither `keys` nor
 * `each` is free-form below.
 */
export interface ValueKey {
  /** The first chart major that reads it. */
  readonly since?: number
  /** The last chart major that reads it. */
  readonly until?: number
  /** Where the same is said in the other chart majors; `*` stands for what stood at that place. */
  readonly instead?: string
  readonly keys?: ValueKeys
  /** Every key at this level, named as one likes. */
  readonly each?: ValueKey
}

export type ValueKeys = Readonly<Record<string, ValueKey>>

/** A value that the chart does not read at all. */
export interface StrayValue {
  readonly path: readonly string[]
  readonly reason:
    | 'unknown'
    | 'not-yet'
    | 'no-longer'
    /** A list or a single value where the chart has a mapping: Helm warns in its log and drops it. */
    | 'no-mapping'
  readonly instead?: string
  /** What could stand there: the keys that the chart reads at this level. */
  readonly siblings: readonly string[]
}

/** Free-form keys, by their names in one text. */
export function keysNamed(names: string): ValueKeys {
  return Object.fromEntries(names.split(' ').map((name) => [name, {}]))
}

/** Values that this chart major does not read, outermost first: below a stray key nothing more is said. */
export function strayValues(values: Readonly<Record<string, unknown>>, keys: ValueKeys, major: number): StrayValue[] {
  return strayBelow(values, { keys }, major, [])
}

function strayBelow(value: unknown, key: ValueKey, major: number, path: readonly string[]): StrayValue[] {
  if (!hasKeys(key) || !isRecord(value)) return []
  return Object.entries(value).flatMap(([name, below]): StrayValue[] => {
    const at = [...path, name]
    const known = key.each ?? ownKey(key.keys, name)
    if (known === undefined) return [{ path: at, reason: 'unknown', siblings: namesRead(key, major) }]
    const state = stateOf(known, major)
    if (state === 'read') {
      const isDropped = path.length === 0 && hasKeys(known) && !isRecord(below) && below !== null && below !== undefined
      return isDropped
        ? [{ path: at, reason: 'no-mapping', siblings: namesRead(known, major) }]
        : strayBelow(below, known, major, at)
    }
    return [
      {
        path: at,
        reason: state,
        ...(known.instead === undefined ? {} : { instead: withNames(known.instead, path) }),
        siblings: namesRead(key, major),
      },
    ]
  })
}

function hasKeys({ keys, each }: ValueKey): boolean {
  return keys !== undefined || each !== undefined
}

function stateOf({ since, until }: ValueKey, major: number): 'read' | 'not-yet' | 'no-longer' {
  if (since !== undefined && major < since) return 'not-yet'
  return until !== undefined && major > until ? 'no-longer' : 'read'
}

function namesRead(key: ValueKey, major: number): string[] {
  return Object.entries(key.keys ?? {}).flatMap(([name, known]) => (stateOf(known, major) === 'read' ? [name] : []))
}

/** `ports.*.http.tls` at `ports.web` is `ports.web.http.tls`. */
function withNames(pattern: string, path: readonly string[]): string {
  return pattern
    .split('.')
    .map((part, index) => (part === '*' ? (path[index] ?? part) : part))
    .join('.')
}

function ownKey(keys: ValueKeys | undefined, name: string): ValueKey | undefined {
  return keys !== undefined && Object.hasOwn(keys, name) ? keys[name] : undefined
}

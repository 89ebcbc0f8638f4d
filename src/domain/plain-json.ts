/** What comes from outside is plain JSON: every part is looked at before it is taken for what it should be. */
export type Json = Readonly<Record<string, unknown>>

export function asRecord(value: unknown): Json {
  return isRecord(value) ? value : {}
}

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Undefined for everything but a text that is not empty: Go leaves out empty fields, and some clients write them. */
export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function textsIn(value: unknown): readonly string[] {
  return asList(value).filter((item) => typeof item === 'string')
}

export function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

export function switchIn(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

export function textMapIn(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(asRecord(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

/** What is not known is absent, as everywhere in the facts. */
export function known<T extends object>(facts: { readonly [Key in keyof T]: T[Key] | undefined }): T {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as T
}

/** Undefined instead of an empty list: the API tells the two apart nowhere. */
export function unlessEmpty<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items
}

import type { DocumentPath } from './documents.ts'

/** The value at a path of a plain document; undefined when it leads nowhere. */
export function valueAt(document: unknown, path: DocumentPath): unknown {
  let value = document
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined
    value = (value as Readonly<Record<string | number, unknown>>)[segment]
  }
  return value
}

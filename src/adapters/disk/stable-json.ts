import { sortedKeys } from '../../text/sorted-keys.ts'

/** JSON with sorted keys and two spaces: the same value gives the same bytes, and a person can read it. */
export function stableJson(value: unknown): string {
  return `${JSON.stringify(sortedKeys(value), undefined, 2)}\n`
}

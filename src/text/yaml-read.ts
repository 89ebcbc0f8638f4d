import { parse } from 'yaml'

/**
 * The top-level mapping of a YAML text of our own making, read back from a disk where anybody may have edited it.
 * @returns an empty record for everything that is not one readable mapping
 */
export function readYamlMap(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = parse(text, { maxAliasCount: 10, logLevel: 'silent' })
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
  } catch {
    return {}
  }
}

import type { ConfigEntry, ConfigFileReading, ConfigValue } from '../../domain/k3s-config-reading.ts'
import type { LocatedLine } from '../../domain/problem.ts'

/** What K3s makes of one key of all its files together, with the file and line of every value. */
export interface MergedKey {
  /** As it is written; two names of one flag are two keys, as they are to K3s. */
  readonly key: string
  readonly values: readonly MergedText[]
  /** Where the key stands that counts: the last plain one, or the first `key+`. */
  readonly at: LocatedLine
}

export interface MergedText {
  readonly text: string
  readonly at: LocatedLine
  readonly origin: 'config-file' | 'drop-in'
}

/**
 * The files as K3s merges them: a plain key discards what was there, `key+` adds to it, and keys keep the order in which
 * they were first seen. A mapping, of which K3s makes an argument that nobody meant, has no values here.
 *
 * @param files the main file first, then the drop-ins in their order
 * @see k3s-io/k3s pkg/configfilearg/parser.go (`readConfigFile`, `toSlice`)
 */
export function mergeConfigFiles(files: readonly ConfigFileReading[]): readonly MergedKey[] {
  const merged = new Map<string, { readonly texts: readonly KeptText[]; readonly at: LocatedLine }>()
  for (const file of files) {
    const origin = isDropIn(file.path) ? 'drop-in' : 'config-file'
    for (const entry of file.entries) {
      const before = merged.get(entry.key)
      const added = textsOf(entry, origin)
      if (entry.appends && before !== undefined) {
        merged.set(entry.key, { texts: [...before.texts, ...added].filter((text) => !text.isNothing), at: before.at })
      } else {
        merged.set(entry.key, { texts: added, at: entry.at })
      }
    }
  }
  return [...merged].map(([key, { texts, at }]) => ({ key, values: texts.map(({ merged: text }) => text), at }))
}

interface KeptText {
  readonly merged: MergedText
  /** A null that is no item of a list: an empty argument when it is alone, and nothing beside others. */
  readonly isNothing: boolean
}

/** One argument each: a list gives as many as it has items. */
function textsOf(entry: ConfigEntry, origin: MergedText['origin']): readonly KeptText[] {
  if (entry.value.kind === 'list') return entry.value.items.flatMap((item) => textOf(item, entry.at, origin))
  const isNothing = entry.value.kind === 'scalar' && entry.value.type === 'null'
  return textOf(entry.value, entry.at, origin).map((text) => ({ ...text, isNothing }))
}

/** A list in a list is its first item to K3s. */
function textOf(value: ConfigValue, at: LocatedLine, origin: MergedText['origin']): readonly KeptText[] {
  if (value.kind === 'map') return []
  if (value.kind === 'scalar') return [{ merged: { text: value.text, at: value.at, origin }, isNothing: false }]
  const [first] = value.items
  return first === undefined ? [{ merged: { text: '', at, origin }, isNothing: false }] : textOf(first, at, origin)
}

/** Drop-ins stand in `<main file>.d`. */
export function isDropIn(path: string): boolean {
  return /\.d\/[^/]+$/.test(path)
}

import type { SavedRule } from '../../domain/saved-tables.ts'

/** Where a rule sends its packets, by `-j` or `-g`. */
export function targetOf({ words }: Pick<SavedRule, 'words'>): string | undefined {
  return valueAfter(words, '-j') ?? valueAfter(words, '-g')
}

/** The word after an option that is not negated. */
export function valueAfter(words: readonly string[], option: string): string | undefined {
  const at = words.indexOf(option)
  return at < 0 || words[at - 1] === '!' ? undefined : words[at + 1]
}

export function sameWords(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index])
}

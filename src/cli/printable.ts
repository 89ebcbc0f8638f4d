/** Controls, direction overrides, invisible characters and halves of characters: what can make a terminal lie. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/**
 * Text from somewhere else, a file name above all, on one line: everything that a terminal would obey instead of show
 * is written as an escape.
 */
export function printable(text: string): string {
  return text.replace(unprintable, escaped)
}

/** The same for text of many lines: line feeds and tabs stay. */
export function printableText(text: string): string {
  return text.replace(unprintable, (character) => (/[\n\t]/.test(character) ? character : escaped(character)))
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}

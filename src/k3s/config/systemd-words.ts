/** A word of a unit's value, and where it begins in it. */
export interface UnitWord {
  readonly text: string
  readonly index: number
}

/**
 * The words of a value as systemd splits them: at blanks, with quotes of both kinds anywhere in a word, and with C
 * escapes in and out of quotes. An escape that it does not know stays as it is written.
 *
 * @returns undefined where a quote is not closed, over which systemd drops the whole line
 * @see systemd/systemd src/basic/extract-word.c, src/basic/escape.c
 */
export function splitUnitWords(value: string): readonly UnitWord[] | undefined {
  const words: UnitWord[] = []
  let index = 0
  while (index < value.length) {
    if (/\s/.test(value[index] ?? '')) {
      index++
      continue
    }
    const word = readWord(value, index)
    if (word === undefined) return undefined
    words.push({ text: word.text, index })
    index = word.end
  }
  return words
}

function readWord(value: string, start: number): { readonly text: string; readonly end: number } | undefined {
  let text = ''
  let quote = ''
  let index = start
  while (index < value.length) {
    const character = value[index] ?? ''
    if (character === '\\') {
      const escaped = readEscape(value, index)
      text += escaped.text
      index = escaped.end
      continue
    }
    index++
    if (quote === '' && /\s/.test(character)) return { text, end: index }
    if (quote === '' && /["']/.test(character)) quote = character
    else if (character === quote) quote = ''
    else text += character
  }
  return quote === '' ? { text, end: index } : undefined
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  s: ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

function readEscape(value: string, start: number): { readonly text: string; readonly end: number } {
  const simple = simpleEscapes[value[start + 1] ?? '']
  if (simple !== undefined) return { text: simple, end: start + 2 }
  const [written = '', hex2, hex4, hex8, octal] =
    /^\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/.exec(
      value.slice(start, start + 10),
    ) ?? []
  const digits = hex2 ?? hex4 ?? hex8
  const code = digits === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(digits, 16)
  if (written === '' || !(code > 0 && code <= 0x10ffff)) return { text: '\\', end: start + 1 }
  return { text: String.fromCodePoint(code), end: start + written.length }
}

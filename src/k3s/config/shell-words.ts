/** A word of a shell command, and where it begins. */
export interface ShellWord {
  readonly text: string
  readonly index: number
  /** An operator such as `|` or `&&` stands for itself. */
  readonly kind: 'word' | 'operator'
}

/**
 * The words of a plain shell command: blanks, quotes, backslashes and comments. Nothing is expanded.
 *
 * @param options.linesAreCommands the end of a line ends a command, and is an operator; otherwise it is a blank
 * @returns undefined for anything that only a shell can tell: variables, substitutions, patterns, groups, an open quote
 */
export function splitShellWords(
  command: string,
  options: { readonly linesAreCommands?: boolean } = {},
): readonly ShellWord[] | undefined {
  const blanks = options.linesAreCommands === true ? blanksOfLine : blanksAndLines
  const words: ShellWord[] = []
  let index = 0
  while (index < command.length) {
    const skipped = lengthOf(blanks, command, index) || lengthOf(comment, command, index)
    if (skipped > 0) {
      index += skipped
      continue
    }
    const operatorLength = lengthOf(operators, command, index)
    if (operatorLength > 0) {
      words.push({ text: command.slice(index, index + operatorLength), index, kind: 'operator' })
      index += operatorLength
      continue
    }
    const word = readShellWord(command, index)
    if (word === undefined) return undefined
    words.push({ text: word.text, index, kind: 'word' })
    index = word.end
  }
  return words
}

const blanksOfLine = /([^\S\n]|\\\r?\n)+/y
const blanksAndLines = /(\s|\\\r?\n)+/y
const comment = /#[^\n]*/y
const operators = /\|\||&&|\d?>&\d|\d?>>?|\||;|<|&|\n/y

function lengthOf(pattern: RegExp, text: string, index: number): number {
  pattern.lastIndex = index
  return pattern.exec(text)?.[0].length ?? 0
}

/** Signs that mean something else to a shell than themselves. */
const special = /[$`*?[\](){}!]/

/**
 * One word, quotes and all, from `start` on.
 * @returns its text, where each character of it stands in the command, and where it ends
 */
export function readShellWord(
  command: string,
  start: number,
): { readonly text: string; readonly offsets: readonly number[]; readonly end: number } | undefined {
  const characters: string[] = []
  const offsets: number[] = []
  const take = (character: string, offset: number): void => {
    characters.push(character)
    offsets.push(offset)
  }
  let quote = ''
  let index = start
  for (; index < command.length; index++) {
    const character = command[index] ?? ''
    if (quote === "'") {
      if (character === "'") quote = ''
      else take(character, index)
    } else if (character === '\\') {
      const next = command[++index]
      if (next === undefined) return undefined
      if (next === '\n') continue
      if (quote === '"' && !/["\\$`]/.test(next)) take('\\', index - 1)
      take(next, index)
    } else if (character === quote) quote = ''
    else if (quote === '"') {
      if (/[$`]/.test(character)) return undefined
      take(character, index)
    } else if (/["']/.test(character)) quote = character
    else if (/[\s|&;<>]/.test(character)) break
    else if (special.test(character)) return undefined
    else take(character, index)
  }
  return quote === '' ? { text: characters.join(''), offsets, end: index } : undefined
}

/** A line of a Corefile outside of every block. */
export interface TopLevelLine {
  /** From 1. */
  readonly line: number
  /** Those before its block. */
  readonly words: readonly string[]
  readonly opensBlock: boolean
}

export interface CorefileShape {
  readonly topLevel: readonly TopLevelLine[]
  /** Opening braces minus closing ones; anything but zero is a syntax error. */
  readonly unclosed: number
  /** Lines, from 1, where the } of a block at the top stands behind a directive, whose argument it then is. */
  readonly closedBehindDirective: readonly number[]
  /** First words of the lines directly inside of server blocks. */
  readonly directives: readonly CorefileWord[]
}

export interface CorefileWord {
  readonly word: string
  /** From 1. */
  readonly line: number
}

/**
 * The outline of a piece of Corefile: what stands at its top, and whether its braces match. Words in double quotes hold
 * no braces, and `#` begins a comment.
 * @see coredns/caddy caddyfile/lexer.go, caddyfile/parse.go (`directive`: the arguments end with the line)
 */
export function corefileShape(text: string): CorefileShape {
  const topLevel: TopLevelLine[] = []
  const closedBehindDirective: number[] = []
  const directives: CorefileWord[] = []
  let isSnippet = false
  let depth = 0
  let lowest = 0
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const words = wordsOf(line)
    if (words.length === 0) continue
    const outside = depth
    if (outside === 0) isSnippet = words[0]?.startsWith('(') === true
    let isFirst = true
    for (const [position, word] of words.entries()) {
      if (depth === 1 && isFirst && !isSnippet && word !== '}' && word !== '{') {
        directives.push({ word: word.replace(/\{$/, ''), line: index + 1 })
        isFirst = false
      }
      const opens = word === '{' || (word.endsWith('{') && !word.startsWith('{'))
      if (opens) depth += 1
      if (word === '}') depth -= 1
      const before = words[position - 1]
      // `zone { }` has no directive, and of a snippet the braces alone count.
      if (word === '}' && depth === 0 && before !== undefined && !(before.endsWith('{') && outside === 0) && !isSnippet)
        closedBehindDirective.push(index + 1)
      lowest = Math.min(lowest, depth)
    }
    if (outside !== 0 || words[0] === '}') continue
    topLevel.push({
      line: index + 1,
      words: headOf(words),
      opensBlock: words.some((word) => word.endsWith('{')),
    })
  }
  return { topLevel, unclosed: lowest < 0 ? lowest : depth, closedBehindDirective, directives }
}

function headOf(words: readonly string[]): readonly string[] {
  const brace = words.findIndex((word) => word.endsWith('{'))
  const head = brace < 0 ? words : words.slice(0, brace + 1)
  return head.map((word) => word.replace(/\{$/, '')).filter((word) => word !== '' && word !== '}')
}

function wordsOf(line: string): string[] {
  const words: string[] = []
  for (const [word] of line.matchAll(/"(?:[^"\\]|\\.)*"?|[^\s"]+/g)) {
    if (word.startsWith('#')) break
    words.push(word)
  }
  return words
}

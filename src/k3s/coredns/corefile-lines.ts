/** A line of a Corefile outside of every block. */
export interface TopLevelLine {
  /** From 1. */
  readonly line: number
  readonly words: readonly string[]
  readonly opensBlock: boolean
}

export interface CorefileShape {
  readonly topLevel: readonly TopLevelLine[]
  /** Opening braces minus closing ones; anything but zero is a syntax error. */
  readonly unclosed: number
}

/**
 * The outline of a piece of Corefile: what stands at its top, and whether its braces match. Words in double quotes hold
 * no braces, and `#` begins a comment.
 * @see coredns/caddy caddyfile/lexer.go
 */
export function corefileShape(text: string): CorefileShape {
  const topLevel: TopLevelLine[] = []
  let depth = 0
  let lowest = 0
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const words = wordsOf(line)
    if (words.length === 0) continue
    const outside = depth
    for (const word of words) {
      if (word === '{' || (word.endsWith('{') && !word.startsWith('{'))) depth += 1
      if (word === '}') depth -= 1
      lowest = Math.min(lowest, depth)
    }
    if (outside !== 0 || words[0] === '}') continue
    topLevel.push({
      line: index + 1,
      words: words.filter((word) => word !== '{' && word !== '}').map((word) => word.replace(/\{$/, '')),
      opensBlock: words.some((word) => word.endsWith('{')),
    })
  }
  return { topLevel, unclosed: lowest < 0 ? lowest : depth }
}

function wordsOf(line: string): string[] {
  const words: string[] = []
  for (const [word] of line.matchAll(/"(?:[^"\\]|\\.)*"?|[^\s"]+/g)) {
    if (word.startsWith('#')) break
    words.push(word)
  }
  return words
}

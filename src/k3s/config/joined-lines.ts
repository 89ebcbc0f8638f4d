import type { LocatedLine } from '../../domain/problem.ts'
import type { TextLines } from './located-word.ts'

/** A line with its continuations, which remembers where each character stood. */
export interface JoinedLine {
  readonly text: string
  /** @param index into `text` */
  at(index: number): LocatedLine
}

/**
 * The lines of a unit file: one that ends with a backslash goes on in the next, with a blank in between, and comments
 * among the continuations are left out.
 * @see systemd.syntax(7)
 */
export function joinedLines({ lines, locate }: TextLines): readonly JoinedLine[] {
  const joined: JoinedLine[] = []
  let text = ''
  let pieces: { readonly start: number; readonly line: number }[] = []
  const finish = (): void => {
    const [whole, parts] = [text, pieces]
    joined.push({ text: whole, at: (index) => placeIn(parts, index, locate) })
    text = ''
    pieces = []
  }
  for (const [index, line] of lines.entries()) {
    if (/^\s*[#;]/.test(line)) continue
    pieces.push({ start: text.length, line: index + 1 })
    const continues = /\\$/.test(line)
    text += continues ? `${line.slice(0, -1)} ` : line
    if (!continues) finish()
  }
  if (pieces.length > 0) finish()
  return joined
}

function placeIn(
  pieces: readonly { readonly start: number; readonly line: number }[],
  index: number,
  locate: TextLines['locate'],
): LocatedLine {
  const piece = pieces.findLast((candidate) => candidate.start <= index)
  return locate(piece?.line ?? 1, index - (piece?.start ?? 0) + 1)
}

import { mentionsSecretKey } from '../../domain/k3s-config-reading.ts'
import type { LocatedLine } from '../../domain/problem.ts'

/** One word of a command line, after quotes and escapes, and where it begins. */
export interface LocatedWord {
  readonly text: string
  readonly at: LocatedLine
}

/** Words that all come from one place: an argv, an annotation. */
export function wordsAt(texts: readonly string[], at: LocatedLine): readonly LocatedWord[] {
  return texts.map((text) => ({ text, at }))
}

/** Places in a small text that is read line by line. */
export interface TextLines {
  /** The lines without their ends. */
  readonly lines: readonly string[]
  /** @param line and `column` count from 1 */
  locate(this: void, line: number, column: number): LocatedLine
  /** @param offset into the lines, each counted with one character for its end */
  locateOffset(this: void, offset: number): LocatedLine
}

/** No line is shown of a text that mentions a secret flag: its value may stand on any of them. */
export function textLines(file: string, text: string): TextLines {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const isHidden = mentionsSecretKey(text)
  const starts = [0]
  for (const line of lines) starts.push((starts.at(-1) ?? 0) + line.length + 1)
  const locate = (line: number, column: number): LocatedLine => {
    const place = { file, line, column }
    const sourceLine = lines[line - 1]
    return isHidden || sourceLine === undefined || sourceLine.length > 500 ? { place } : { place, sourceLine }
  }
  return {
    lines,
    locate,
    locateOffset(offset) {
      const line = Math.max(
        0,
        starts.findLastIndex((start) => start <= offset),
      )
      return locate(line + 1, offset - (starts[line] ?? 0) + 1)
    },
  }
}

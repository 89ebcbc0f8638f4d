import { AnswerTooLarge } from './connection-failure.ts'

const lineFeed = 0x0a

/**
 * Takes pieces of a stream and returns the lines that each completed, without empty ones. Cut as bytes: a piece may end in
 * the middle of a character.
 * @throws AnswerTooLarge for a line of more than `maxBytes`
 */
export function lineSplitter(maxBytes: number): (piece: Buffer) => readonly string[] {
  let kept: Buffer[] = []
  let keptBytes = 0
  return (piece) => {
    const lines: string[] = []
    let from = 0
    for (let at = piece.indexOf(lineFeed); at >= 0; at = piece.indexOf(lineFeed, from)) {
      const line = Buffer.concat([...kept, piece.subarray(from, at)]).toString('utf8')
      if (line.trim() !== '') lines.push(line)
      kept = []
      keptBytes = 0
      from = at + 1
    }
    if (from < piece.length) {
      kept.push(piece.subarray(from))
      keptBytes += piece.length - from
    }
    if (keptBytes > maxBytes) throw new AnswerTooLarge()
    return lines
  }
}

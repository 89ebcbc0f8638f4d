import type { LocatedLine } from '../domain/problem.ts'
import { holdsCredentials } from './address-credentials.ts'
import { namesSecret } from './secret-names.ts'

/** Turns offsets of a text into places. */
export interface SourceLines {
  locate(offset: number): LocatedLine
}

const longestLine = 500

/**
 * @param options.hideLines no line of the text is ever shown: it may hold a secret. Without it, lines that hold a
 *   word like `password`, or an address with credentials, are hidden all the same.
 */
export function sourceLines(file: string, text: string, options: { readonly hideLines: boolean }): SourceLines {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return {
    locate(offset) {
      const line = lastAtOrBefore(starts, Math.min(offset, text.length))
      const start = starts[line] ?? 0
      const place = { file, line: line + 1, column: Math.min(offset, text.length) - start + 1 }
      const next = starts[line + 1]
      const content = text.slice(start, next === undefined ? text.length : next - 1).replace(/\r$/, '')
      const hidden = options.hideLines || content.length > longestLine || seemsSecret(content)
      return hidden ? { place } : { place, sourceLine: content }
    },
  }
}

function seemsSecret(line: string): boolean {
  return namesSecret(line) || holdsCredentials(line)
}

function lastAtOrBefore(starts: readonly number[], offset: number): number {
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle + 1
    else high = middle
  }
  return low - 1
}

import { createTwoFilesPatch } from 'diff'

/** Beyond this many changed lines a shortest diff takes quadratic time and tells nobody anything. */
const mostEdits = 4000
const timeoutMs = 1000

/**
 * Unified diff with three lines of context; empty when nothing differs. Where a shortest diff would take too long, the
 * lines between the first and the last difference are shown as replaced.
 * @param before undefined for a file that is not there; likewise `after`
 */
export function unifiedDiff(path: string, before: string | undefined, after: string | undefined): string {
  if (before === after) return ''
  const from = before === undefined ? '/dev/null' : path
  const to = after === undefined ? '/dev/null' : path
  const patch = createTwoFilesPatch(from, to, before ?? '', after ?? '', undefined, undefined, {
    context: 3,
    timeout: timeoutMs,
    maxEditLength: mostEdits,
    headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true },
  })
  return patch ?? blockDiff(from, to, before ?? '', after ?? '')
}

/** One hunk: the common beginning and end left out, everything between them replaced. */
function blockDiff(from: string, to: string, before: string, after: string): string {
  const [a, b] = [linesOf(before), linesOf(after)]
  const shorter = Math.min(a.length, b.length)
  let head = 0
  while (head < shorter && a[head] === b[head]) head++
  let tail = 0
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const removed = a.slice(head, a.length - tail)
  const added = b.slice(head, b.length - tail)
  return [
    `--- ${from}`,
    `+++ ${to}`,
    `@@ -${hunkRange(head, removed.length)} +${hunkRange(head, added.length)} @@`,
    ...removed.map((line) => `-${line}`),
    ...added.map((line) => `+${line}`),
    '',
  ].join('\n')
}

function linesOf(text: string): string[] {
  const lines = text.split('\n')
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

/** A range of no lines names the line before it, as diff(1) does. */
function hunkRange(start: number, length: number): string {
  return `${length === 0 ? start : start + 1},${length}`
}

/** Where words cannot be kept whole, no column is narrower than this. */
const narrowest = 10

export interface WrappedTable {
  /** Lines, each with the index of the row that it belongs to. */
  readonly lines: readonly { readonly row: readonly string[]; readonly rowIndex: number }[]
  /** Spaces between columns: fewer where room is short. */
  readonly gap: number
}

/**
 * Rows of a table that fit into `room`: the widest columns are narrowed until they do, and what does not fit into a cell
 * stands on further lines below it. Words are broken only where there is no other way. Nothing is lost; a table that
 * cannot be narrowed any more stays too wide.
 */
export function wrapCells(rows: readonly (readonly string[])[], room: number): WrappedTable {
  const count = Math.max(0, ...rows.map((row) => row.length))
  const longest = (lengthOf: (cell: string) => number): readonly number[] =>
    Array.from({ length: count }, (_, column) => Math.max(0, ...rows.map((row) => lengthOf(row[column] ?? ''))))
  const whole = longest((cell) => cell.length)
  const gaps = Math.max(0, count - 1)
  const isRoomy = sum(whole) + 3 * gaps <= room
  const gap = isRoomy ? 3 : 2
  const space = room - gap * gaps
  const byWord = narrowed(whole, longest(longestWord), space)
  const widths = narrowed(
    byWord,
    byWord.map((width) => Math.min(width, narrowest)),
    space,
  )
  const lines = rows.flatMap((row, rowIndex) => {
    const cells = row.map((cell, column) => pieces(cell, widths[column] ?? cell.length))
    const height = Math.max(1, ...cells.map((parts) => parts.length))
    return Array.from({ length: height }, (_, line) => ({ row: cells.map((parts) => parts[line] ?? ''), rowIndex }))
  })
  return { lines, gap }
}

/** The widest first, none below its floor. */
function narrowed(widths: readonly number[], floors: readonly number[], space: number): readonly number[] {
  const now = [...widths]
  while (sum(now) > space) {
    const spare = now.map((width, column) => (width > (floors[column] ?? 0) ? width : 0))
    const widest = Math.max(...spare)
    if (widest <= 0) break
    now[spare.lastIndexOf(widest)] = widest - 1
  }
  return now
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function longestWord(cell: string): number {
  return Math.max(...cell.split(/ |(?<=[,/=])/).map((word) => word.length))
}

/** Broken after a space or a comma, else after a slash or another mark, else where the room ends. */
function pieces(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let rest = text
  while (rest.length > width) {
    const at = breakIn(rest, width)
    lines.push(rest.slice(0, at).trimEnd())
    rest = rest.slice(at).trimStart()
  }
  return [...lines, rest]
}

function breakIn(text: string, width: number): number {
  // The space itself may stand outside.
  const space = text.lastIndexOf(' ', width)
  if (space > 0) return space
  const marks = [...text.slice(0, width).matchAll(/[,/=]/g)].map(({ index }) => index + 1)
  return marks.findLast((at) => at > 1) ?? width
}

/** Narrower columns hold no word. */
const narrowest = 10
const gapWidth = 3

/**
 * Rows of a table that fit into `room`: the widest columns are narrowed until they do, and what does not fit into a cell
 * stands on further lines below it. Nothing is lost; a table that cannot be narrowed any more stays too wide.
 * @returns lines, each with the index of the row that it belongs to
 */
export function wrapCells(
  rows: readonly (readonly string[])[],
  room: number,
): readonly { readonly row: readonly string[]; readonly rowIndex: number }[] {
  const widths = fittingWidths(rows, room)
  return rows.flatMap((row, rowIndex) => {
    const cells = row.map((cell, column) => pieces(cell, widths[column] ?? cell.length))
    const height = Math.max(1, ...cells.map((lines) => lines.length))
    return Array.from({ length: height }, (_, line) => ({ row: cells.map((lines) => lines[line] ?? ''), rowIndex }))
  })
}

function fittingWidths(rows: readonly (readonly string[])[], room: number): readonly number[] {
  const count = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const space = room - gapWidth * Math.max(0, count - 1)
  while (widths.reduce((sum, width) => sum + width, 0) > space) {
    const widest = Math.max(...widths)
    if (widest <= narrowest) break
    widths[widths.lastIndexOf(widest)] = widest - 1
  }
  return widths
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

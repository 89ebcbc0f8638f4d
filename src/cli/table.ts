import { printable } from './printable.ts'
import { wrapCells } from './table-wrap.ts'

export interface TableStyle {
  /** Spaces in front of every line. */
  readonly indent?: number
  /** Cut lines at this width, where a terminal would wrap them; undefined for files and pipes. */
  readonly columns?: number | undefined
  /** Where it would be cut, the widest cells go on below instead: in tables that are the answer. */
  readonly wraps?: boolean
  /** Styles a padded cell; the text is already safe to print. */
  readonly paint?: (cell: string, row: number, column: number) => string
}

const widestGap = 3

/** Aligned columns like those of kubectl: no borders, three spaces between, nothing after the last one. */
export function formatTable(rows: readonly (readonly string[])[], style: TableStyle = {}): string {
  const whole = rows.map((row) => row.map(printable))
  const margin = ' '.repeat(style.indent ?? 0)
  const room = (style.columns ?? Number.POSITIVE_INFINITY) - margin.length
  const wrapped =
    style.wraps === true
      ? wrapCells(whole, room)
      : { lines: whole.map((row, rowIndex) => ({ row, rowIndex })), gap: widestGap }
  const widths = widthsOf(wrapped.lines.map(({ row }) => row))
  const gap = ' '.repeat(wrapped.gap)
  const paint = style.paint ?? ((cell) => cell)
  const lines = wrapped.lines.map(({ row, rowIndex }) => {
    let left = style.wraps === true ? Number.POSITIVE_INFINITY : room
    const parts = row.map((cell, column) => {
      const isLast = column === row.length - 1
      const padded = isLast ? cell : cell.padEnd(widths[column] ?? 0) + gap
      const shown = padded.length > left ? cut(padded, left) : padded
      left -= shown.length
      return paint(shown, rowIndex, column)
    })
    return `${margin}${parts.join('')}`.trimEnd()
  })
  return lines.map((line) => `${line}\n`).join('')
}

function widthsOf(rows: readonly (readonly string[])[]): readonly number[] {
  const count = Math.max(0, ...rows.map((row) => row.length))
  return Array.from({ length: count }, (_, column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)))
}

function cut(text: string, room: number): string {
  return room < 1 ? '' : `${text.slice(0, room - 1)}…`
}

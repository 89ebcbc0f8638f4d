/** A stretch of a text, in UTF-16 units, and what takes its place; an insertion where `start` equals `end`. */
export interface TextEdit {
  readonly start: number
  readonly end: number
  readonly text: string
}

export function applyEdit(text: string, { start, end, text: replacement }: TextEdit): string {
  return text.slice(0, start) + replacement + text.slice(end)
}

/** The offset after the line that `offset` stands in; an offset at the start of a line stays. */
export function afterLine(text: string, offset: number): number {
  if (offset === 0 || text[offset - 1] === '\n') return offset
  const newline = text.indexOf('\n', offset)
  return newline < 0 ? text.length : newline + 1
}

/** The white space that the line of `offset` begins with. */
export function indentAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? ''
}

/** Whether nothing but white space stands before `offset` on its line. */
export function beginsLine(text: string, offset: number): boolean {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  return text.slice(start, offset).trim() === ''
}

/** Breaks at spaces only, so that a long value stays in one piece. */
export function wrapText(text: string, columns: number, indent: number): string {
  const room = Math.max(40, columns - indent)
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  if (line !== '') lines.push(line)
  return lines.map((one) => `${' '.repeat(indent)}${one}\n`).join('')
}

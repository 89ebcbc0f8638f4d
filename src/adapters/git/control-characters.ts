/** What terminals obey, and lines end with: C0, DEL and C1. */
function isControl(character: string): boolean {
  return character < ' ' || (character >= '\u007f' && character <= '\u009f')
}

export function hasControlCharacter(text: string): boolean {
  return Array.from(text).some(isControl)
}

/** The first line of a text from a commit or a server, without anything that a terminal would obey. */
export function printable(text: string): string {
  const line = text.split('\n').find((candidate) => candidate.trim() !== '') ?? ''
  return Array.from(line.trim())
    .filter((character) => !isControl(character))
    .join('')
    .slice(0, 300)
}

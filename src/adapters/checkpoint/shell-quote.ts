/**
 * One argument as a shell reads it back, whatever it holds: inside single quotes only the quote itself means something.
 * @throws Error for a NUL, which no argument can hold
 */
export function quoteForShell(text: string): string {
  if (text.includes('\0')) throw new Error('an argument cannot hold a NUL')
  return `'${text.replaceAll("'", "'\\''")}'`
}

export function quoteAll(argv: readonly string[]): string {
  return argv.map(quoteForShell).join(' ')
}

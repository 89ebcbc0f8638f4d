/** What a line of a restore payload may be: printable ASCII that begins like one of the few forms that we write. */
const allowed = /^(?:-[ACDFIX] [\x20-\x7e]+|:FAIRLEAD-[A-Z0-9-]+ - \[0:0\]|\*(?:raw|mangle|nat|filter)|COMMIT)$/

/**
 * The lines as one text for `iptables-restore`. A line break or a control character inside of one would be a command of
 * its own: that is an error of ours, and nothing is run then.
 */
export function restoreText(lines: readonly string[]): string {
  for (const line of lines) {
    if (!allowed.test(line)) throw new Error(`not a line for iptables-restore: ${JSON.stringify(line.slice(0, 200))}`)
  }
  return `${lines.join('\n')}\n`
}

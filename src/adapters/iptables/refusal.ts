/** The line that a restore says it failed at; undefined when it names none. The line may be its COMMIT. */
export function refusedLine(stderr: string): number | undefined {
  const text = /\bline:? (\d+)/.exec(stderr)?.[1]
  return text === undefined ? undefined : Number(text)
}

/** What the tool said, on one line, without its name and advice about its own options. */
export function toolWords(stderr: string): string {
  return stderr
    .split('\n')
    .map((line) => line.replace(/^ip6?tables(?:-nft|-legacy)?-restore(?: v\S+ \([a-z_]+\))?: */, '').trim())
    .filter((line) => line !== '' && !line.startsWith('Try `') && !line.startsWith('# Warning'))
    .join('; ')
    .slice(0, 300)
}

/** What a failed write means for the next step. */
export type WriteVerdict = 'locked' | 'changed' | 'failed'

/**
 * Exit status 4 is the lock's, and with nft the kernel's own no as well; 1 is a rule or chain that is not there, 2 a
 * chain or set that a rule names: the shadow knew it, so somebody took it away.
 * @see iptables iptables/xshared.c (xtables_lock), include/xtables.h (enum xtables_exittype)
 */
export function writeVerdict(code: number | undefined, stderr: string): WriteVerdict {
  if (code === undefined) return 'locked'
  if (/xtables lock|Stopped waiting|Resource temporarily unavailable/.test(stderr)) return 'locked'
  if (code === 1 || code === 2 || /\((?:Device or resource busy|No such file or directory|File exists)\)/.test(stderr))
    return 'changed'
  return 'failed'
}

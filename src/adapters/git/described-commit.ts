import { printable } from './control-characters.ts'

/** What people want to know of a commit, each on one line that no terminal obeys. */
export interface DescribedCommit {
  readonly author: string
  readonly subject: string
  /** ISO 8601. */
  readonly committedAt: string
}

/**
 * Arguments that make git print what `parseDescribedCommit` reads. Not `git show`, which walks all of a first commit's
 * trees even when it prints none of them.
 */
export function describeArguments(commit: string): readonly string[] {
  const format = '--format=%an%x00%s%x00%ct'
  return ['log', '--max-count=1', '--no-show-signature', '--encoding=UTF-8', format, commit, '--']
}

export function parseDescribedCommit(output: Buffer): DescribedCommit {
  const [author = '', subject = '', seconds = '0'] = output.toString('utf8').trim().split('\0')
  return describedCommit(author, subject, Number(seconds))
}

export function describedCommit(author: string, message: string, committedEpochSeconds: number): DescribedCommit {
  return { author: printable(author), subject: printable(message), committedAt: isoTime(committedEpochSeconds) }
}

/** Commits may claim any time; one that no calendar has becomes the beginning of ours. */
function isoTime(epochSeconds: number): string {
  const date = new Date(epochSeconds * 1000)
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString()
}

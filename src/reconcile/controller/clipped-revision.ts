import type { Revision } from '../../domain/revision.ts'
import { shortenedText } from './shortened-text.ts'

/** As long as the texts of a revision may be in a published program. @see src/schema/program/published-program.ts */
const longest = { name: 1_024, commit: 1_024, author: 4_096, subject: 16_384 } as const

/**
 * A revision whose texts fit into what is published and recorded, and survive JSON: anybody who may push writes them. Of a
 * name the end stays, which is the commit.
 */
export function clippedRevision(revision: Revision): Revision {
  const { name, commit, author, subject } = revision
  return {
    ...revision,
    name: name.length <= longest.name ? name.toWellFormed() : `…${name.slice(1 - longest.name)}`.toWellFormed(),
    commit: commit.slice(0, longest.commit).toWellFormed(),
    author: shortenedText(author, longest.author).toWellFormed(),
    subject: shortenedText(subject, longest.subject).toWellFormed(),
  }
}

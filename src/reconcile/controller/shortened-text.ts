import { longestText } from '../../schema/api/status-limits.ts'

/** As much of it as people read, and a sign where something is missing. */
export function shortenedText(text: string, longest: number = longestText): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}

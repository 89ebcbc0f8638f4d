/** A commit of the repository, as everything that reports writes it: `main@sha1:<40 hex>`. */
export interface Revision {
  readonly name: string
  readonly commit: string
  readonly author: string
  /** First line of the commit message. */
  readonly subject: string
  /** ISO 8601, from the commit. */
  readonly committedAt: string
}

/** @param reference branch or tag; undefined where the commit itself was asked for */
export function revisionName(reference: string | undefined, commit: string): string {
  return reference === undefined ? `sha1:${commit}` : `${reference}@sha1:${commit}`
}

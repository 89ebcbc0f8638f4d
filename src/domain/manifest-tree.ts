/**
 * What is in the manifests directory, found by a walk that reads links but does not follow them.
 */
export interface TreeEntry {
  /** Relative to the directory that was walked, with `/`, no `.` and no `..`. */
  readonly path: string
  readonly type: 'file' | 'directory' | 'link'
  /** Nanoseconds since 1970, of the link itself where it is one. */
  readonly mtimeNs: bigint
  /** Where a link leads; absent for everything else. */
  readonly target?: LinkTarget
}

export type LinkTarget =
  | { readonly kind: 'file' }
  | { readonly kind: 'missing' }
  /** `entries` are relative to the target; links among them are not followed. */
  | { readonly kind: 'directory'; readonly realPath: string; readonly entries: readonly TreeEntry[] }

/** `missing`: there is no such directory; `message` is what the system said. */
export type ManifestTree =
  | { readonly kind: 'read'; readonly base: string; readonly entries: readonly TreeEntry[] }
  | { readonly kind: 'missing'; readonly base: string; readonly message: string }

/** Content that a repair was about to overwrite: kept, and shown by `fairlead drift`. */
export interface LostEdit {
  /** The file it stood in. */
  readonly path: string
  /** SHA-256 of the lost content in hex; also its name in the store. */
  readonly digest: string
  /** ISO 8601. */
  readonly repairedAt: string
  readonly cause: 'edited' | 'deleted' | 'mode'
  /** Who wrote it, where the system could tell: `uid 0 (root)`, `process 812 (vim)`. */
  readonly writer: string
}

/** A file of ours in the manifests directory. */
export interface OurManifest {
  readonly path: string
  readonly text: string
  /** SHA-256 of its bytes, in hex. */
  readonly digest: string
  /** These very bytes are on the disk. */
  readonly isInPlace: boolean
}

/** A scalar as SOPS sees it. Timestamps are printed like Go's `time.Time`. */
export interface TypedScalar {
  readonly kind: 'scalar'
  readonly type: 'string' | 'integer' | 'float' | 'boolean' | 'timestamp'
  /** What SOPS hashes: `True`, `8080`, `0.5`. */
  readonly text: string
  /** In the text that it was read from; absent for one that was decrypted. */
  readonly offset?: number
}

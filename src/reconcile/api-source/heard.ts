/** What the API itself said to this process, as far as it was of use. */
export type Heard =
  | { readonly kind: 'taken' /** Digest. */; readonly program: string }
  /** There is a program, and it is not to be believed or not to be understood: the last good one stays. */
  | { readonly kind: 'refused' }
  /** It answers, and nothing was taken: there is no program, a part of it is missing, or nobody looks at it. */
  | { readonly kind: 'answered' }

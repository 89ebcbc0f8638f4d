/** A file in the manifests directory that neither K3s nor Fairlead wrote. */
export interface Drop {
  readonly path: string
  readonly digest: string
  readonly findings: readonly DropFinding[]
  /** Contains a Secret, so it never leaves the machine. */
  readonly holdsSecret: boolean
  /** What `drift.drops` makes of it. */
  readonly handling: 'Allow' | 'Report' | 'Quarantine' | 'Adopt'
}

export interface DropFinding {
  readonly code: string
  readonly line: number
  readonly column: number
  readonly what: string
  readonly fix: string
}

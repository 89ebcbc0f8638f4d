/**
 * How far the removal of an emptied manifest has come, as the API shows it. `waiting`: whoever deploys has not done with
 * the empty file, or objects of it are still there. `pruned`: its objects were seen gone, and the file may go.
 */
export type RemovalProgress = 'waiting' | 'pruned'

/** What a manifest was about before it was emptied: where its objects are looked for. */
export interface ManifestKind {
  readonly apiVersion: string
  readonly kind: string
}

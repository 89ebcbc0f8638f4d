import type { ArtefactId, FileArtefact } from './artefact.ts'
import type { ObservedFile } from './observation.ts'

/** What a change does to traffic, from nothing to a new cluster (DESIGN §7). */
export type ImpactKind = 'None' | 'PodRestart' | 'NewConnections' | 'K3sRestart' | 'DataPlaneOutage' | 'Rebuild'

export interface Impact {
  readonly kind: ImpactKind
  /** One sentence for people; stable for the same change. */
  readonly reason: string
}

/** Who made it necessary: the repository, somebody who changed what we keep, or nobody we may speak for. */
export type Cause = 'Revision' | 'Drift' | 'Foreign'

interface ChangeBase {
  readonly id: ArtefactId
  readonly cause: Cause
  readonly impact: Impact
}

export type FileChange =
  | (ChangeBase & { readonly kind: 'create'; readonly after: FileArtefact })
  | (ChangeBase & { readonly kind: 'update'; readonly before: ObservedFile; readonly after: FileArtefact })
  /** Exists with other content and is not ours: `fairlead adopt` decides. */
  | (ChangeBase & { readonly kind: 'takeover'; readonly before: ObservedFile; readonly after: FileArtefact })
  /** A packaged file back to what its K3s process, or our bundle, staged. */
  | (ChangeBase & { readonly kind: 'restore'; readonly before: ObservedFile | undefined; readonly after: FileArtefact })
  /** First half of a removal: K3s prunes the objects of an emptied file, never those of a missing one. */
  | (ChangeBase & { readonly kind: 'empty'; readonly before: ObservedFile })
  | (ChangeBase & {
      readonly kind: 'delete'
      readonly before: ObservedFile
      /** A manifest whose objects others are about: they stay, and it is never emptied. */
      readonly moved?: MovedTo
    })

/** Another file of the same Addon, which K3s takes for the same set of objects; or files that define some of its objects. */
export type MovedTo = 'same-addon' | 'other-addons'

/** The ordered way from an observation to a program, with everything that stands in it. */
export interface NodePlan {
  readonly node: string
  readonly changes: readonly FileChange[]
  /** Differences that we see and leave alone, each with the reason. */
  readonly reported: readonly ReportedDrift[]
  /** A removal that waits for K3s to have read the emptied file: when to look again. */
  readonly revisitAfterMs?: number
}

export interface ReportedDrift {
  readonly path: string
  readonly reason:
    | 'PackagedFilesReport'
    | 'PristineUnknown'
    | 'K3sStarting'
    | 'FlagsEdited'
    | 'FlagsOverridden'
    | 'Encrypted'
  readonly message: string
}

import type { CleanupKind } from '../../domain/cleanup.ts'

/** What is known beside the machine itself. */
export interface CleanupEvidence {
  /** Kinds of which a person said that they are switched off on every server. Counts only where nothing else tells. */
  readonly vouched: ReadonlySet<CleanupKind>
  /** Backends that the other nodes announce (`flannel.alpha.coreos.com/backend-type`); absent when they were not read. */
  readonly peerBackends?: ReadonlySet<string>
  /** The API server answered at its Service address. */
  readonly servicesAnswer?: boolean
}

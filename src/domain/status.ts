import type { DeployStatus } from './deploy-status.ts'
import type { Drop } from './drop.ts'
import type { NetworkChange } from './network-change.ts'
import type { Plane } from './network-program.ts'
import type { Condition } from './verdict.ts'

/**
 * What Fairlead tells about itself: the status file, `fairlead status -o json`, `/api/status` and the page are this
 * value. It holds no time and no counter, so that it moves only when something did.
 */
export interface StatusSnapshot {
  readonly apiVersion: 'fairlead.dev/v1alpha1'
  readonly kind: 'Status'
  readonly cluster: string
  readonly node: string
  readonly engine: DeployEngine
  readonly source: string
  /** The revision whose program is enforced; empty before the first. */
  readonly revision: string
  /** The newest revision seen in the repository. */
  readonly attemptedRevision: string
  readonly verdict: 'settled' | 'pending' | 'blocked' | 'failed' | 'unknown'
  readonly suspended: boolean
  readonly conditions: readonly Condition[]
  readonly components: readonly ComponentStatus[]
  readonly files: readonly FileStatus[]
  readonly drops: readonly Drop[]
  /** What the kernel of this node holds for us; absent where nothing was ever asked of it. */
  readonly network?: NetworkStatus
  /** What became of the manifests; absent on agents, and where no API was asked. */
  readonly deploy?: DeployStatus
  readonly problems: readonly string[]
  /** The `token` of the last `fairlead reconcile` that was carried out. */
  readonly lastHandledReconcileAt: string
}

/** Packet filter, routes and settings of one node. */
export interface NetworkStatus {
  readonly plane: Plane
  /** Digest of the program that is in force; empty before the first. */
  readonly program: string
  /** What is not as the program says, or waits: of the kernel's objects, one row each. */
  readonly items: readonly NetworkItem[]
  /** The risky change that is under way, or the last one that was taken back. */
  readonly checkpoint?: CheckpointStatus
}

export interface NetworkItem {
  readonly kind: NetworkChange['kind']
  readonly what: string
  readonly state: 'Pending' | 'Drifted' | 'Foreign' | 'Refused' | 'Leftover' | 'Kept'
  readonly message: string
}

export interface CheckpointStatus {
  readonly id: string
  readonly phase: string
  readonly changes: readonly string[]
  /** Waits for `fairlead confirm`. */
  readonly isManual: boolean
  readonly reason: string
}

/** Who applies the manifests directory: K3s's own deploy controller, or we in its stead. */
export type DeployEngine = 'k3s' | 'builtin'

export interface ComponentStatus {
  readonly name: string
  readonly enabled: boolean
}

export interface FileStatus {
  readonly path: string
  readonly class: 'program' | 'packaged'
  readonly state: 'Current' | 'Pending' | 'Drifted' | 'Staged' | 'Removing' | 'Foreign'
  readonly message: string
}

/** Adoption of a machine: from then on Fairlead writes, and not only reports. */
export interface Adoption {
  readonly cluster: string
  readonly node: string
  /** ISO 8601. */
  readonly adoptedAt: string
  /** Foreign files that were shown and may be overwritten: path → digest when it was shown. */
  readonly takenOver: Readonly<Record<string, string>>
  /** Prepared by `fairlead bootstrap`: a K3s will be installed here, and packaged files are its own. */
  readonly awaitsK3s?: true
}

export interface Suspension {
  readonly by: string
  readonly reason: string
  /** ISO 8601. */
  readonly since: string
}

export interface ReconcileRequest {
  /** Echoed in the status once carried out. */
  readonly token: string
}

/** One run of the K3s server: another pid, start time or binary is another K3s. */
export interface K3sProcessIdentity {
  readonly pid: number
  /** Clock ticks since boot, field 22 of `/proc/<pid>/stat` (proc(5)). */
  readonly startTicks: string
  /** SHA-256 of the running executable, in hex. */
  readonly binaryDigest: string
  /** Random id of this boot, so that pid and ticks of another boot do not match. */
  readonly bootId: string
}

export interface K3sProcess {
  readonly identity: K3sProcessIdentity
  /** Epoch milliseconds, by the time of day as it is now: it moves when that is set. */
  readonly startedAtMs: number
  /** Milliseconds on the boot clock, which nobody sets. */
  readonly upForMs: number
  readonly args: readonly string[]
}

/** The packaged files as one K3s process staged them. Worth nothing for any other process. */
export interface PristineSet {
  readonly identity: K3sProcessIdentity
  /** Path → content. */
  readonly files: Readonly<Record<string, string>>
}

import type { DeployStatus } from '../domain/deploy-status.ts'
import type { StatusSnapshot } from '../domain/status.ts'
import type { Condition, Verdict } from '../domain/verdict.ts'
import type { NodeOutcome } from './converge-node.ts'
import type { NetworkOutcome } from './network/network-outcome.ts'
import type { Source } from './source-state.ts'

/** What a status is made of: the repository as last read, and the node as the last pass left it. */
export interface StatusInput {
  readonly cluster: string
  readonly node: string
  readonly sourceDescription: string
  readonly source: Source
  /** What the source of the program says of itself; absent where it says nothing. */
  readonly ofSource?: readonly Condition[]
  /** What was told before; until the repository has been read once, what it said of that still counts. */
  readonly previous: StatusSnapshot | undefined
  readonly outcome: NodeOutcome | undefined
  /** Of the kernel; undefined where nothing was ever asked of it. */
  readonly network: NetworkOutcome | undefined
  /** How the last pass over the kernel ended, also one that failed before it came to an outcome. */
  readonly kernelVerdict: Verdict | undefined
  /** Of the manifests; undefined where no API was asked. */
  readonly deploy: DeployStatus | undefined
  readonly deployVerdict: Verdict | undefined
  readonly verdict: Verdict | undefined
  readonly contested: readonly { readonly path: string; readonly writer: string }[]
  readonly suspended: boolean
  readonly lastHandledReconcileAt: string
}

import type { DeployStatus } from '../domain/deploy-status.ts'
import type { RemovalProgress } from '../domain/manifest-removal.ts'
import type { Adoption } from '../domain/status.ts'
import type { Verdict } from '../domain/verdict.ts'
import type { LastGood } from '../ports/node-state-port.ts'

/** The node as its last pass left it: files are in place before anybody asks what became of them. */
export interface DeployedNode {
  /** In force: its files are what the node holds. */
  readonly program: LastGood
  readonly adoption: Adoption
}

/** `pruned`: something was told, and files of the node may go now. */
export type DeployNews = 'none' | 'told' | 'pruned'

/**
 * What becomes of the manifests directory of one server, by one engine. One pass at a time, and none while the machine is
 * suspended, is not adopted, or another engine is at work.
 */
export interface ManifestDeployment {
  /** Undefined where no API was ever asked. */
  readonly status: DeployStatus | undefined
  /** Calls back when a pass is worth its while before its time. Called once, before the first pass. */
  start?(onChange: () => void): void
  /** Nobody said where an API is: nothing need be prepared for a pass. */
  isIdle?(): boolean
  /** Something was written below the manifests directory, or the node was looked at because of it. */
  hinted(): void
  /** @returns whether there is anything new to tell */
  pass(node: DeployedNode, signal: AbortSignal): Promise<DeployNews>
  /** Milliseconds until the next pass, unless something wakes it before. */
  nextRun(): number
  /** How the manifests stand to the program that is in force: what nobody looked at yet is no success. */
  verdictOn(inForce: LastGood | undefined): Verdict | undefined
  /** How far an emptied or disabled manifest of ours has come; undefined where only time can tell. */
  progressOf(path: string): RemovalProgress | undefined
  close(): Promise<void>
}

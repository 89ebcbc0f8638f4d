import type { ArtefactId } from '../domain/artefact.ts'
import type { ObservedRoute } from '../domain/host-routes.ts'
import type { NetworkProgram, Plane } from '../domain/network-program.ts'
import type { LastGood } from './node-state-port.ts'

/** What the kernel of this node is held to until something better was confirmed. */
export interface ConfirmedNetwork {
  /** Absent: nothing of ours is wanted. */
  readonly program?: NetworkProgram
  /** SHA-256 of the program, in hex. */
  readonly digest: string
  readonly revision: LastGood['revision']
}

/** The program that was introduced last. */
export interface TrialNetwork extends ConfirmedNetwork {
  /** Id of the checkpoint that it was put into the kernel under; absent before that, and where none is needed. */
  readonly change?: string
}

/**
 * What the kernel cannot tell about what is ours. Written before the effect, and shortened once it was seen undone.
 */
export interface NetworkInventory {
  /** By artefact id: the value that stood before ours. */
  readonly sysctls: Readonly<Record<string, WrittenSysctl>>
  /** Ids of routes and routing rules that were written as ours. */
  readonly written: readonly string[]
  /** Routes of somebody else's that ours replaced, to be put back when ours go: by the id of ours. */
  readonly adoptedRoutes: Readonly<Record<string, ObservedRoute>>
  /** Where rules of ours may stand. */
  readonly planes: readonly Plane[]
  /** What stands in the file of settings for the next boot. */
  readonly persisted: Readonly<Record<string, string>>
}

export interface WrittenSysctl {
  readonly path: readonly string[]
  readonly previous: string
  readonly ours: string
  /** The setting that it follows from. */
  readonly because?: ArtefactId
}

export const emptyNetworkInventory: NetworkInventory = {
  sysctls: {},
  written: [],
  adoptedRoutes: {},
  planes: [],
  persisted: {},
}

/** What Fairlead keeps about a node's kernel, below `/var/lib/fairlead`; written like everything there. */
export interface NetworkStatePort {
  /** The newest of the last five that can be read. */
  readConfirmed(): Promise<ConfirmedNetwork | undefined>
  /** Those that were in force before it, newest first; the ones that cannot be read are left out. */
  readOlder(): Promise<readonly ConfirmedNetwork[]>
  writeConfirmed(confirmed: ConfirmedNetwork): Promise<void>
  /** The program that was introduced last, risky or not; written before anything of it is. */
  readTrial(): Promise<TrialNetwork | undefined>
  writeTrial(trial: TrialNetwork): Promise<void>
  readInventory(): Promise<NetworkInventory>
  writeInventory(inventory: NetworkInventory): Promise<void>
}

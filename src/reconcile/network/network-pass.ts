import type { Checkpoint } from '../../ports/checkpoint-port.ts'
import type { NetworkMemory } from './network-memory.ts'
import type { NetworkPorts } from './network-ports.ts'

/** What every step of a pass works with. */
export interface NetworkPass {
  readonly ports: NetworkPorts
  readonly memory: NetworkMemory
  readonly signal: AbortSignal
  /** The last one, ended or not. */
  readonly checkpoint: Checkpoint | undefined
  /** Digest of the NodeProgram that asks; absent where only what was confirmed is held. */
  readonly program?: string
}

import type { Drop } from '../domain/drop.ts'
import type { LogPort } from '../ports/log-port.ts'
import type { GitSourcePort } from '../ports/repository-port.ts'
import { publishDrops } from './adopt-drops.ts'
import type { NodeOutcome } from './converge-node.ts'

interface DropPorts {
  /** Where drops are offered as branches; nowhere when absent. */
  readonly git?: GitSourcePort
  readonly log: LogPort
}

/** Drops that the repository is to take over, each offered once by this process. */
export class DropBranches {
  readonly #ports: DropPorts
  readonly #published = new Set<string>()

  constructor(ports: DropPorts) {
    this.#ports = ports
  }

  /** Those that were not offered yet. First contact only reports, to the repository as well. */
  waiting(outcome: NodeOutcome | undefined): readonly Drop[] {
    const { decision, node, enforced } = outcome ?? {}
    if (decision === undefined || node?.adoption?.cluster !== enforced?.program.cluster) return []
    return decision.drops.filter((drop) => drop.handling === 'Adopt' && !this.#published.has(drop.digest))
  }

  async publish(outcome: NodeOutcome | undefined, signal: AbortSignal): Promise<void> {
    const drops = this.waiting(outcome)
    const { git, log } = this.#ports
    if (git === undefined || outcome === undefined || drops.length === 0 || signal.aborted) return
    for (const digest of await publishDrops(drops, outcome, { git, log }, signal)) this.#published.add(digest)
  }
}

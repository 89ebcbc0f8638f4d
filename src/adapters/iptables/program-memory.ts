import { createHash } from 'node:crypto'
import type { FamilyFilter } from '../../domain/packet-filter.ts'
import type { AddressFamilyKey } from '../../domain/saved-tables.ts'
import { learnProgram } from './learn-program.ts'
import { type PreparedNode, shadowLock } from './prepare-node.ts'
import type { WantedTable } from './wanted-table.ts'

/** The last few programs in the words of the tool, so that a check of the live tables needs no shadow. */
export interface ProgramMemory {
  /** @throws Failure FILTER_REJECTED */
  learn(node: PreparedNode, family: AddressFamilyKey, filter: FamilyFilter): Promise<readonly WantedTable[]>
}

/** Both families of the programs now and before, and a few that are only tried. */
const kept = 8

export function openProgramMemory(kernelRelease: string): ProgramMemory {
  const digests = new WeakMap<FamilyFilter, string>()
  const learnt = new Map<string, Promise<readonly WantedTable[]>>()
  const digestOf = (filter: FamilyFilter): string => {
    const known = digests.get(filter)
    if (known !== undefined) return known
    // Members of sets are compared with the live sets; the words of the rules do not depend on them.
    const sets = filter.sets.map(({ name, family }) => [name, family])
    const digest = createHash('sha256')
      .update(JSON.stringify([filter.chains, sets]))
      .digest('hex')
    digests.set(filter, digest)
    return digest
  }
  return {
    learn: (node, family, filter) => {
      const pair = node.tool.pairs.get(family)
      if (pair === undefined) return Promise.resolve([])
      const key = [family, digestOf(filter), pair.stamp, kernelRelease].join(' ')
      const known = learnt.get(key)
      // What was used last stands last.
      learnt.delete(key)
      const answer = known ?? learnProgram(node.shadow, pair, family, filter, shadowLock(family))
      learnt.set(key, answer)
      // A refusal is asked for again: it may have come from the state of the node.
      answer.catch(() => learnt.delete(key))
      for (const oldest of [...learnt.keys()].slice(0, -kept)) learnt.delete(oldest)
      return answer
    },
  }
}

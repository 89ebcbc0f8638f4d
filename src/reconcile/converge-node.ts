import type { FileChange } from '../domain/change.ts'
import type { Drop } from '../domain/drop.ts'
import type { Verdict } from '../domain/verdict.ts'
import { assessDrops } from '../plan/drops.ts'
import { type PlannedNode, planNode } from '../plan/plan-node.ts'
import type { LastGood } from '../ports/node-state-port.ts'
import { type Applied, type ApplyPorts, applyFiles } from './apply-files.ts'
import { blockedByTakeovers, nodeVerdict, notAdopted, otherCluster, rebuildRequired } from './node-verdict.ts'
import { guardOf, type ObservedNode, type ObservePorts, observeNode } from './observe-node.ts'
import { type Guard, type StagingWatch, sameK3s } from './packaged-guard.ts'
import { quarantineDrops } from './quarantine-drops.ts'
import { RepairLimits } from './repair-limits.ts'

export interface NodePorts extends ObservePorts, ApplyPorts {}

export interface ConvergeSettings {
  readonly engine: 'auto' | 'k3s' | 'builtin'
  /** Write K3s's flags into place although a K3s is installed; it reads them at its next start. */
  readonly placeFlags: boolean
}

/** What a process learns from pass to pass. Losing it costs time, never correctness. */
export interface NodeMemory {
  /** Epoch milliseconds: a K3s that was up before then staged its files unseen. */
  readonly watchingSinceMs: number
  readonly limits: RepairLimits
  staging: StagingWatch | undefined
  /** Until the first pass is through, our own packaged files are staged again, as K3s does when it starts. */
  restage: boolean
}

export function newNodeMemory(nowMs: number): NodeMemory {
  return { watchingSinceMs: nowMs, limits: new RepairLimits(), staging: undefined, restage: true }
}

export interface NodeOutcome {
  readonly verdict: Verdict
  readonly node: ObservedNode
  readonly decision: Decision
  readonly applied: readonly FileChange[]
  /** Drops that were moved out of the manifests directory; objects that were applied from them stay. */
  readonly quarantined: readonly string[]
  /** The program in force from now on: the candidate, unless it cannot be done on a living cluster. */
  readonly enforced: LastGood
}

/** What a pass is going to do, without doing it: the same for `fairlead plan` and for the loop. */
export interface Decision {
  readonly plan: PlannedNode
  readonly guard: Guard
  readonly drops: readonly Drop[]
}

/**
 * One pass over one node: observe, decide, act.
 * @param candidate the program of the newest good revision
 * @param lastGood the program in force so far; stays so when the candidate has to be refused
 */
export async function convergeNode(
  candidate: LastGood,
  lastGood: LastGood | undefined,
  settings: ConvergeSettings,
  ports: NodePorts,
  memory: NodeMemory,
  signal: AbortSignal,
): Promise<NodeOutcome> {
  const node = await observeNode(settings.engine, ports, signal)
  const wanted = decideNode(candidate, node, settings, memory)
  const impossible = wanted.plan.changes.filter((change) => change.impact.kind === 'Rebuild')
  if (impossible.length === 0) return act(candidate, lastGood, wanted, node, ports, memory)

  // Law 3: the refused revision changes nothing, and drift on the one before it is still repaired.
  const verdict = rebuildRequired(impossible)
  if (lastGood === undefined)
    return { verdict, node, decision: wanted, applied: [], quarantined: [], enforced: candidate }
  const kept = decideNode(lastGood, node, settings, memory)
  return { ...(await act(lastGood, lastGood, kept, node, ports, memory)), verdict }
}

export function decideNode(
  lastGood: LastGood,
  node: ObservedNode,
  settings: ConvergeSettings,
  memory: Pick<NodeMemory, 'watchingSinceMs' | 'staging' | 'restage'>,
): Decision {
  const { program } = lastGood
  const { engine, observation, inventory, adoption, nowMs } = node
  const guard = guardOf(node, program.packaged, memory.watchingSinceMs, memory.staging)
  const packaged = guard.target
  const takenOver = adoption?.takenOver ?? {}
  const { placeFlags } = settings
  const { restage } = memory
  return {
    plan: planNode({ program, observation, inventory, engine, packaged, takenOver, placeFlags, restage, nowMs }),
    guard,
    drops: assessDrops({ program, observation, inventory, engine, packaged }),
  }
}

async function act(
  wanted: LastGood,
  lastGood: LastGood | undefined,
  decision: Decision,
  node: ObservedNode,
  ports: NodePorts,
  memory: NodeMemory,
): Promise<NodeOutcome> {
  const outcome = { node, decision, applied: [], quarantined: [], enforced: wanted }
  memory.staging = decision.guard.watch
  if (node.adoption === undefined) return { ...outcome, verdict: notAdopted(decision.plan) }
  if (node.adoption.cluster !== wanted.program.cluster) {
    return { ...outcome, verdict: otherCluster(node.adoption.cluster, wanted.program.cluster) }
  }
  if (decision.guard.captured !== undefined) await ports.state.writePristine(decision.guard.captured)
  if (!sameTarget(wanted, lastGood)) await ports.state.writeLastGood(wanted)
  const applied = await applyFiles(
    {
      plan: decision.plan,
      inventory: node.inventory,
      revision: wanted.revision.name,
      ownsPackaged: node.engine === 'builtin',
      packagedStillWanted: () => packagedStillWanted(node, ports),
      limits: memory.limits,
    },
    ports,
  )
  const moved = await quarantineDrops(decision.drops, ports)
  if (applied.failures.length === 0) memory.restage = false
  return {
    ...outcome,
    applied: applied.done,
    quarantined: moved.paths,
    verdict: verdictOf(decision, applied, moved.revisitAfterMs, memory, ports),
  }
}

function verdictOf(
  decision: Decision,
  applied: Applied,
  quarantineRevisitMs: number | undefined,
  memory: NodeMemory,
  ports: NodePorts,
): Verdict {
  const blocked = blockedByTakeovers(decision.plan)
  if (blocked !== undefined && applied.failures.length === 0) return blocked
  return nodeVerdict({
    failures: applied.failures,
    waitingFlags: decision.plan.waitingFlags,
    hasRemovals:
      decision.plan.changes.some((change) => change.kind === 'empty') || decision.plan.revisitAfterMs !== undefined,
    contested: memory.limits.contested(ports.clock.nowMs()),
    revisits: [decision.plan.revisitAfterMs, decision.guard.revisitAfterMs, applied.postponedMs, quarantineRevisitMs],
  })
}

/** The K3s whose files these are is still the one that runs: an old release is never written over a newer one. */
async function packagedStillWanted(node: ObservedNode, ports: NodePorts): Promise<boolean> {
  if (node.engine === 'builtin') return true
  const now = await ports.k3s.current()
  return now !== undefined && node.process !== undefined && sameK3s(now.identity, node.process.identity)
}

function sameTarget(a: LastGood, b: LastGood | undefined): boolean {
  return b !== undefined && a.program.digest === b.program.digest && a.revision.name === b.revision.name
}

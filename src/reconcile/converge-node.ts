import type { FileChange } from '../domain/change.ts'
import type { Drop } from '../domain/drop.ts'
import type { NodeProgram } from '../domain/program.ts'
import type { Verdict } from '../domain/verdict.ts'
import { packagedBundle } from '../k3s/bundle/packaged-bundle.ts'
import { k3sPaths, locationOf, stagedPath } from '../k3s/locations.ts'
import { assessDrops } from '../plan/drops.ts'
import { type PlannedNode, planNode } from '../plan/plan-node.ts'
import type { LastGood } from '../ports/node-state-port.ts'
import { adoptionAfter } from './adoption-after.ts'
import { type Applied, type ApplyPorts, applyFiles } from './apply-files.ts'
import { blockedByTakeovers, nodeVerdict, notAdopted, otherCluster, planRefusal } from './node-verdict.ts'
import { guardOf, type ObservedNode, type ObservePorts, observeNode } from './observe-node.ts'
import { type Guard, type StagingWatch, sameK3s } from './packaged-guard.ts'
import { quarantineDrops } from './quarantine-drops.ts'
import { RepairLimits } from './repair-limits.ts'
import {
  type LockedFile,
  lockedFailures,
  markSecrets,
  type ResolvedProgram,
  reportLocked,
  resolveSecrets,
} from './resolve-secrets.ts'

export interface NodePorts extends ObservePorts, ApplyPorts {}

export interface ConvergeSettings {
  readonly engine: 'auto' | 'k3s' | 'builtin'
  /** Write K3s's flags into place although a K3s is installed; it reads them at its next start. */
  readonly placeFlags: boolean
}

/** What a process learns from pass to pass. Losing it costs time, never correctness. */
export interface NodeMemory {
  /** On the monotonic clock: a K3s that was up before then staged its files unseen. */
  readonly watchingSinceMs: number
  readonly limits: RepairLimits
  staging: StagingWatch | undefined
  /** Until the first pass is through, our own packaged files are staged again, as K3s does when it starts. */
  restage: boolean
}

export function newNodeMemory(monotonicMs: number): NodeMemory {
  return { watchingSinceMs: monotonicMs, limits: new RepairLimits(), staging: undefined, restage: true }
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
  /** Why files of the program could not be decrypted; they stay as they are on the machine. */
  readonly locked: readonly LockedFile[]
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
  const paths = [candidate, lastGood].flatMap((one) => (one === undefined ? [] : wantedPaths(one.program)))
  const node = await observeNode(settings.engine, paths, ports, signal)
  const wanted = await decide(candidate, lastGood?.program, node, settings, memory, ports)
  const verdict = refusalOf(candidate, wanted, node)
  if (verdict === undefined) return act(candidate, lastGood, wanted, node, ports, memory)

  // Law 3: what is refused changes nothing, and drift on what was in force before is still repaired.
  const kept = lastGood !== undefined && node.adoption?.cluster === lastGood.program.cluster ? lastGood : undefined
  if (kept === undefined || verdict.reason === 'NotAdopted') {
    return { verdict, node, decision: wanted, applied: [], quarantined: [], enforced: candidate }
  }
  const repair = await decide(kept, kept.program, node, settings, memory, ports)
  return { ...(await act(kept, lastGood, repair, node, ports, memory)), verdict }
}

/** Why a program may not be carried out here at all; undefined when it may. */
export function refusalOf(candidate: LastGood, decision: Decision, node: ObservedNode): Verdict | undefined {
  if (node.adoption === undefined) return notAdopted()
  const { cluster } = candidate.program
  if (node.adoption.cluster !== cluster) return otherCluster(node.adoption.cluster, cluster)
  return planRefusal(decision.plan)
}

/** The program as it is stored and the plan as it is carried out: only the plan knows plaintext. */
async function decide(
  wanted: LastGood,
  previous: NodeProgram | undefined,
  node: ObservedNode,
  settings: ConvergeSettings,
  memory: NodeMemory,
  { secrets, log }: NodePorts,
): Promise<Decision> {
  const resolved = await resolveSecrets(wanted.program, secrets)
  for (const { detail, message } of lockedFailures(resolved.locked)) {
    log.warn({ code: detail.code, where: detail.where, fix: detail.fix }, message)
  }
  return decideNode(resolved, previous, node, settings, memory)
}

/** @param wanted with its secrets resolved */
export function decideNode(
  wanted: ResolvedProgram,
  previous: NodeProgram | undefined,
  node: ObservedNode,
  settings: ConvergeSettings,
  memory: Pick<NodeMemory, 'watchingSinceMs' | 'staging' | 'restage'>,
): Decision {
  const { program } = wanted
  const { engine, inventory, adoption, nowMs } = node
  const observation = markSecrets(node.observation, program, inventory)
  const guard = guardOf(node, program.packaged, memory.watchingSinceMs, memory.staging)
  const packaged = guard.target
  const takenOver = adoption?.takenOver ?? {}
  const { placeFlags } = settings
  const { restage } = memory
  const k3sUpForMs = node.process?.upForMs
  const seen = { program, observation, inventory, engine, packaged }
  const { config, unreadConfig, hasK3s } = node
  const plan = planNode({
    ...seen,
    config,
    unreadConfig,
    hasK3s,
    previous,
    takenOver,
    placeFlags,
    restage,
    nowMs,
    k3sUpForMs,
    removals: node.removals,
  })
  return {
    plan: { ...plan, reported: [...plan.reported, ...reportLocked(wanted.locked)] },
    guard,
    drops: assessDrops(seen),
    locked: wanted.locked,
  }
}

/** Where a program wants files, in place or staged, and where our own bundle has some. */
export function wantedPaths(program: NodeProgram): string[] {
  const files = program.files.map((file) => file.path)
  return [...files, ...files.map(stagedPath), ...packagedBundle(program.packaged).keys()].filter(
    (path) => locationOf(path) !== undefined,
  )
}

async function act(
  wanted: LastGood,
  lastGood: LastGood | undefined,
  decision: Decision,
  node: ObservedNode,
  ports: NodePorts,
  memory: NodeMemory,
): Promise<NodeOutcome> {
  memory.staging = decision.guard.watch
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
  memory.restage = false
  await keepAdoption(node, applied.done, ports)
  const moved = await quarantineDrops(decision.drops, node.observation, ports)
  return {
    node,
    decision,
    enforced: wanted,
    applied: applied.done,
    quarantined: moved.paths,
    verdict: verdictOf(decision, applied, node, moved.revisitAfterMs, memory, ports),
  }
}

async function keepAdoption(node: ObservedNode, done: readonly FileChange[], ports: NodePorts): Promise<void> {
  const used = done.flatMap((change) => ('after' in change ? [change.after.path] : []))
  const next = node.adoption === undefined ? undefined : adoptionAfter(node.adoption, used, node.process !== undefined)
  if (next !== undefined) await ports.state.writeAdoption(next)
}

function verdictOf(
  decision: Decision,
  applied: Applied,
  node: ObservedNode,
  quarantineRevisitMs: number | undefined,
  memory: NodeMemory,
  ports: NodePorts,
): Verdict {
  const refused = node.observation.refusals.map((refusal) => refusal.failure)
  const failures = [...refused, ...lockedFailures(decision.locked), ...applied.failures]
  const blocked = blockedByTakeovers(decision.plan)
  if (blocked !== undefined && failures.length === 0) return blocked
  return nodeVerdict({
    failures,
    restartDue: isRestartDue(node),
    waitingFlags: decision.plan.waitingFlags,
    hasRemovals:
      decision.plan.changes.some((change) => change.kind === 'empty') || decision.plan.revisitAfterMs !== undefined,
    contested: memory.limits.contested(ports.clock.nowMs()),
    revisits: [decision.plan.revisitAfterMs, decision.guard.revisitAfterMs, applied.postponedMs, quarantineRevisitMs],
  })
}

/** Flags in place that are newer than the K3s that runs: it was started with others. */
function isRestartDue({ engine, process, observation }: ObservedNode): boolean {
  if (engine !== 'k3s' || process === undefined) return false
  const flags = [k3sPaths.managedDropIn, k3sPaths.flannelConf].map((path) => observation.files.get(path))
  return flags.some((file) => file !== undefined && file.modifiedAtMs > process.startedAtMs)
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

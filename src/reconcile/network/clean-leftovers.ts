import { Failure } from '../../domain/failure.ts'
import type { CleanupPlan, Leftovers, Removal } from '../../domain/leftovers.ts'
import type { NetworkChange, NetworkPlan } from '../../domain/network-change.ts'
import type { NetworkProgram } from '../../domain/network-program.ts'
import { findLeftovers } from '../../plan/cleanups/find-leftovers.ts'
import { planCleanups } from '../../plan/cleanups/plan-cleanups.ts'
import { silentForMs, watchSilence } from '../../plan/cleanups/silence.ts'
import { carryOutCleanup } from './carry-out-cleanup.ts'
import { type CleanupMemory, nothingKnown } from './cleanup-memory.ts'
import type { CleanupPorts } from './cleanup-ports.ts'
import { reportKept } from './cleanup-report.ts'
import type { GatheredEvidence } from './gathered-evidence.ts'
import { holdBack, noteReturned } from './hold-cleanups.ts'

export interface CleanupOutcome {
  /** What went in this pass. */
  readonly applied: readonly NetworkChange[]
  /** What was found and stays, each with the reason. */
  readonly reported: NetworkPlan['reported']
  /** Milliseconds until somebody should look again; absent while there is nothing to look for. */
  readonly revisitAfterMs?: number
}

/**
 * For the end of a pass that left everything as wanted: finds what former components left behind, and removes it once
 * nothing of it has changed for long enough and its owner is proven gone. Most calls only look at the clock.
 * @param program the one that is in force
 */
export async function cleanLeftovers(
  program: NetworkProgram | undefined,
  memory: CleanupMemory,
  ports: CleanupPorts,
  signal: AbortSignal,
): Promise<CleanupOutcome> {
  const wanted = program === undefined ? '' : JSON.stringify([program.cleanups, program.cleanupsMayWiden])
  if (wanted !== memory.wanted) Object.assign(memory, { ...nothingKnown, wanted })
  if (program === undefined || program.cleanups.length === 0) return { applied: [], reported: [] }
  let applied: readonly NetworkChange[] = []
  if (ports.clock.monotonicMs() >= memory.nextLookAtMs) {
    const looked = await lookSafely({ program, memory, ports, signal })
    applied = looked.applied
    memory.reported = looked.reported
    memory.nextLookAtMs = ports.clock.monotonicMs() + looked.againAfterMs
  }
  const revisitAfterMs = Math.max(0, memory.nextLookAtMs - ports.clock.monotonicMs())
  return { applied, reported: memory.reported, revisitAfterMs }
}

interface Work {
  readonly program: NetworkProgram
  readonly memory: CleanupMemory
  readonly ports: CleanupPorts
  readonly signal: AbortSignal
}

interface Looked {
  readonly applied: readonly NetworkChange[]
  readonly reported: NetworkPlan['reported']
  readonly againAfterMs: number
}

/** Whatever goes wrong here is told, and no reason to call the node's network unsettled. */
async function lookSafely(work: Work): Promise<Looked> {
  const { memory, ports, signal } = work
  try {
    const { kept, applied } = await look(work)
    const isWatched = applied.length > 0 || kept.some(({ reason }) => reason.startsWith('watched:'))
    return { applied, reported: reportKept(kept), againAfterMs: isWatched ? memory.pace.watchMs : memory.pace.idleMs }
  } catch (error) {
    if (!(error instanceof Failure) || signal.aborted) throw error
    const { code, where, fix } = error.detail
    ports.log.warn({ code, where, fix }, error.message)
    const reported = [{ kind: 'cleanup', what: 'leftovers of former components', reason: error.message }] as const
    return { applied: [], reported, againAfterMs: memory.pace.idleMs }
  }
}

async function look(work: Work): Promise<{
  readonly applied: readonly NetworkChange[]
  readonly kept: CleanupPlan['kept']
}> {
  const { program, memory, ports, signal } = work
  const observed = await ports.leftovers('observed').observe(program.cleanups, signal)
  const found = removalsIn(observed, program)
  noteReturned(found, memory, ports.clock.monotonicMs())
  // Only what is found is worth the question who runs here.
  const known = found.length === 0 ? undefined : await knownEvidence(work)
  const leftovers = withArguments(observed, known)
  memory.silence = watchSilence(memory.silence, program.cleanups, leftovers, ports.clock.monotonicMs())
  const seen = await holdBack(planNow(leftovers, known, work), memory, ports)
  if (seen.removals.length === 0) return { applied: [], kept: seen.kept }
  // What is removed goes by what is true now.
  const fresh = await freshEvidence(work)
  const current = withArguments(observed, fresh)
  const decided = await holdBack(planNow(current, fresh, work), memory, ports)
  return await carryOut(decided, current, work)
}

async function carryOut(decided: CleanupPlan, leftovers: Leftovers, { program, memory, ports, signal }: Work) {
  const applied: NetworkChange[] = []
  const kept = [...decided.kept]
  // Apart, because these may have to be put back.
  const isProxy = ({ cleanup }: Removal): boolean => cleanup === 'kube-proxy'
  for (const removals of [decided.removals.filter((one) => !isProxy(one)), decided.removals.filter(isProxy)]) {
    if (removals.length === 0) continue
    const done = await carryOutCleanup(removals, { program, leftovers, memory, ports }, signal)
    applied.push(...done.applied)
    kept.push(...done.kept)
  }
  return { applied, kept }
}

function removalsIn(leftovers: Leftovers, { cleanups }: NetworkProgram): readonly Removal[] {
  return cleanups.flatMap((artefact) => findLeftovers(artefact, leftovers).removals)
}

function planNow(leftovers: Leftovers, gathered: GatheredEvidence | undefined, { program, memory, ports }: Work) {
  return planCleanups({
    leftovers,
    cleanups: program.cleanups,
    ...gathered?.evidence,
    vouched: new Set(),
    silentForMs: silentForMs(memory.silence, ports.clock.monotonicMs()),
    requiredSilenceMs: memory.pace.silenceMs,
    allowWidening: program.cleanupsMayWiden === true,
  })
}

function withArguments(leftovers: Leftovers, gathered: GatheredEvidence | undefined): Leftovers {
  return { ...leftovers, k3sArguments: gathered?.k3sArguments }
}

/** Good enough for the reason why something stays. */
async function knownEvidence(work: Work): Promise<GatheredEvidence> {
  const { memory, ports } = work
  const isYoung = ports.clock.monotonicMs() - (memory.evidence?.atMs ?? 0) < memory.pace.evidenceMs
  return memory.evidence !== undefined && isYoung ? memory.evidence.gathered : await freshEvidence(work)
}

async function freshEvidence({ program, memory, ports, signal }: Work): Promise<GatheredEvidence> {
  const gathered = await ports.evidence(new Set(program.cleanups.map(({ cleanup }) => cleanup)), signal)
  memory.evidence = { atMs: ports.clock.monotonicMs(), gathered }
  return gathered
}

import type { Verdict } from '../../domain/verdict.ts'
import { type CleanupOutcome, cleanLeftovers } from './clean-leftovers.ts'
import type { NetworkOutcome } from './network-outcome.ts'
import type { NetworkPass } from './network-pass.ts'
import { type PodRouteOutcome, repairPodRoutes } from './pod-route-repairs.ts'

/** Routes to pods are looked at this often at most, whatever wakes the loop; milliseconds. */
const podRoutesEveryMs = 2_000

/**
 * What a node is owed beside what the documents say word for word: routes that flannel lost, and leftovers of components
 * that are gone. For the end of a pass; nothing is done while a change is on trial, or the pass did not go well.
 * @param isCached what is in force is not what the source asks for now, or nobody has heard from the source yet
 */
export async function tendNode(
  outcome: NetworkOutcome,
  pass: NetworkPass,
  { isCached }: { readonly isCached: boolean },
): Promise<NetworkOutcome> {
  const { memory, ports, signal } = pass
  if (memory.trial !== undefined || outcome.verdict.kind === 'failed' || signal.aborted) return outcome
  if ((await ports.isSuspended?.()) === true) return outcome
  const routes = await podRoutes(outcome, pass, isCached)
  const cleaned = await cleanups(outcome, pass)
  const applied = [...routes.applied, ...cleaned.applied]
  for (const { kind, cause } of applied) ports.metrics.changeApplied(kind, cause)
  return {
    ...outcome,
    verdict: sooner(outcome.verdict, [routes.revisitAfterMs, cleaned.revisitAfterMs]),
    plan: { ...outcome.plan, reported: [...outcome.plan.reported, ...routes.reported, ...cleaned.reported] },
    applied: [...outcome.applied, ...applied],
  }
}

async function podRoutes(
  { enforced }: NetworkOutcome,
  { memory, ports, signal }: NetworkPass,
  isCached: boolean,
): Promise<PodRouteOutcome> {
  const wanted = enforced?.program?.podRoutes
  const nowMs = ports.clock.monotonicMs()
  const waitMs = memory.podRoutes.lookedAtMs + podRoutesEveryMs - nowMs
  if (wanted !== undefined && waitMs > 0) return { ...memory.podRoutes.told, applied: [], revisitAfterMs: waitMs }
  const held = wanted === undefined ? { routes: [], rules: [], links: [] } : await (await ports.routes()).read(signal)
  const outcome = await repairPodRoutes(wanted, held, memory.podRoutes, ports, { isCached, signal })
  memory.podRoutes.lookedAtMs = nowMs
  memory.podRoutes.told = { reported: outcome.reported }
  return outcome
}

/** Only where everything else is as it should be: what is not yet in force may be what replaces a leftover. */
async function cleanups({ verdict, enforced }: NetworkOutcome, { memory, ports, signal }: NetworkPass) {
  const nothing: CleanupOutcome = { applied: [], reported: memory.cleanups.reported }
  if (verdict.kind !== 'settled' || ports.cleanups === undefined) return nothing
  return await cleanLeftovers(enforced?.program, memory.cleanups, ports.cleanups, signal)
}

function sooner(verdict: Verdict, waits: readonly (number | undefined)[]): Verdict {
  if (verdict.kind !== 'settled' && verdict.kind !== 'pending') return verdict
  const all = [verdict.revisitAfterMs, ...waits].filter((ms) => ms !== undefined)
  return all.length === 0 ? verdict : { ...verdict, revisitAfterMs: Math.min(...all) }
}

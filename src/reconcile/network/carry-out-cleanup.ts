import { recordNameOf } from '../../domain/cleanup-record.ts'
import type { CleanupPlan, Leftovers, Removal } from '../../domain/leftovers.ts'
import type { NetworkChange } from '../../domain/network-change.ts'
import type { NetworkProgram } from '../../domain/network-program.ts'
import { describeRemoval } from '../../plan/cleanups/describe-removal.ts'
import { findLeftovers } from '../../plan/cleanups/find-leftovers.ts'
import { lostForGood } from '../../plan/cleanups/lost-for-good.ts'
import { removedObjects } from '../../plan/cleanups/removed-objects.ts'
import type { CleanupMemory } from './cleanup-memory.ts'
import type { CleanupPorts } from './cleanup-ports.ts'

interface Situation {
  readonly program: NetworkProgram
  /** What the removals were found in. */
  readonly leftovers: Leftovers
  readonly memory: CleanupMemory
  readonly ports: CleanupPorts
}

interface CarriedOut {
  readonly applied: readonly NetworkChange[]
  readonly kept: CleanupPlan['kept']
}

/** What is under way is ended although the process was told to stop. */
const putBackMs = 60_000

/**
 * The way back goes to the disk, then the leftovers go, then everything is looked at again.
 * @throws Failure where it could not be written, or the kernel refused; what went by then is in the record
 */
export async function carryOutCleanup(
  removals: readonly Removal[],
  { program, leftovers, memory, ports }: Situation,
  signal: AbortSignal,
): Promise<CarriedOut> {
  const { clock, log, records } = ports
  const plan: CleanupPlan = { removals, kept: [] }
  const cleanups = [...new Set(removals.map(({ cleanup }) => cleanup))]
  const name = recordNameOf(clock.nowMs(), cleanups)
  const port = ports.leftovers(name)
  const removed = removals.map(describeRemoval)
  const steps = await port.inverse(plan, signal)
  const record = { version: 1, name, cleanups, removed, lost: lostForGood(plan, leftovers), steps } as const
  const where = await records.write(record)
  const isProxy = cleanups.includes('kube-proxy')
  const putBack = async (): Promise<void> => {
    const failed = await ports.takeBack(steps, AbortSignal.timeout(putBackMs))
    await records.markTakenBack(name)
    log.error({ cleanup: name, failed }, 'the rules of kube-proxy were put back: Services do not answer without them')
  }
  try {
    await port.remove(plan, isProxy ? AbortSignal.timeout(putBackMs) : signal)
  } catch (error) {
    if (isProxy) await putBack()
    throw error
  }
  // What kube-proxy left behind answers like a replacement would: only now it shows.
  if (isProxy && !(await servicesAnswer(ports))) {
    await putBack()
    const reason = 'Services no longer answered without it, so that it was put back'
    return { applied: [], kept: removed.map((what) => ({ cleanup: 'kube-proxy', what, reason })) }
  }
  for (const what of removed) log.info({ cleanup: name, what, undo: where }, 'leftover removed')
  const still = await stillThere(removals, program, port, leftovers, signal)
  memory.removed = new Set([...memory.removed, ...removals.flatMap(removedObjects)])
  return {
    applied: removals.map((removal) => changeOf(removal, program)),
    kept: still.map((removal) => ({
      cleanup: removal.cleanup,
      what: describeRemoval(removal),
      reason: 'still-active: it was removed and is there again, so that its owner runs',
    })),
  }
}

async function servicesAnswer(ports: CleanupPorts): Promise<boolean> {
  try {
    const { evidence } = await ports.evidence(new Set(['kube-proxy']), AbortSignal.timeout(putBackMs))
    return evidence.servicesAnswer === true
  } catch {
    return false
  }
}

async function stillThere(
  removals: readonly Removal[],
  program: NetworkProgram,
  port: ReturnType<CleanupPorts['leftovers']>,
  { k3sArguments }: Leftovers,
  signal: AbortSignal,
): Promise<readonly Removal[]> {
  const gone = new Set(removals.flatMap(removedObjects))
  const now = { ...(await port.observe(program.cleanups, signal)), k3sArguments }
  return program.cleanups
    .flatMap((artefact) => findLeftovers(artefact, now).removals)
    .filter((removal) => removedObjects(removal).some((object) => gone.has(object)))
}

function changeOf(removal: Removal, { cleanups }: NetworkProgram): NetworkChange {
  const what = describeRemoval(removal)
  const { cleanup, widensAccess } = removal
  return {
    kind: 'cleanup',
    effect: removal.kind === 'add-routing-rule' ? 'create' : 'remove',
    id: `cleanup:${cleanup}/${what}`,
    what,
    origin: cleanups.find((artefact) => artefact.cleanup === cleanup)?.origin ?? cleanup,
    cause: 'Revision',
    impact: widensAccess
      ? { kind: 'NewConnections', reason: 'traffic that it blocked may flow' }
      : { kind: 'None', reason: 'only what nobody keeps any more is removed' },
  }
}

import { rollbackReasons } from '../../domain/rollback-reason.ts'
import { programChanges } from '../../plan/network/program-changes.ts'
import type { ConfirmedNetwork } from '../../ports/network-state-port.ts'
import { refusedProgram } from '../refused-programs.ts'
import { awaitPermit, isPermitted } from './await-permit.ts'
import { beginTrial } from './begin-trial.ts'
import { enforceNetwork } from './enforce-network.ts'
import { judgeProgram } from './judge-program.ts'
import { keepConfirmed } from './keep-confirmed.ts'
import { isSettled, type KernelPlan, planKernel } from './kernel-plan.ts'
import { readKernel } from './kernel-state.ts'
import type { NetworkOutcome } from './network-outcome.ts'
import type { NetworkPass } from './network-pass.ts'
import { protectedPeers } from './protected-peers.ts'

/** A program that is not in force yet: judged first, then carried out at once, or begun as a trial. */
export async function introduceNetwork(
  wanted: ConfirmedNetwork,
  confirmed: ConfirmedNetwork | undefined,
  pass: NetworkPass,
): Promise<NetworkOutcome> {
  const { ports, signal } = pass
  const inventory = await ports.network.readInventory()
  const state = await readKernel(wanted.program, inventory, ports, signal)
  const plan = planKernel(wanted.program, state, inventory)
  const changes = programChanges(confirmed?.program, wanted.program, protectedPeers(wanted.program))
  const hasRisk = changes.some(({ risk }) => risk !== undefined)
  if (hasRisk && isSettled(plan) && (await isUnproven(wanted, pass))) return takeOut(wanted, confirmed, pass)
  const past = await ports.checkpoints.recent()
  const before = refusedProgram(past, { program: wanted.digest, revision: wanted.revision.name })
  if (before !== undefined) {
    // Also where the kernel happens to hold what it asks for: that is what was taken back.
    const message = `${wanted.revision.name} was taken back and is not tried again: ${before}`
    return keepConfirmed(confirmed, pass, { reason: 'RolledBack', message, refusals: [] })
  }
  const refusals = await refusalsOf(wanted, plan, pass)
  if (refusals.length > 0) {
    const message = `Refused, because the node could not be reached any more: ${refusals.join('; ')}`
    return keepConfirmed(confirmed, pass, { reason: 'FailsafeDropped', message, refusals })
  }
  const isRisky = hasRisk && !isSettled(plan)
  if (isRisky && !isPermitted(pass)) return awaitPermit(confirmed, changes, pass)
  await ports.network.writeTrial(wanted)
  return isRisky ? beginTrial({ wanted, confirmed, state, plan, changes, past }, pass) : applyAtOnce(wanted, pass)
}

/** It is in the kernel because it was tried there, and nobody confirmed it: what is in place is no proof then. */
async function isUnproven({ digest }: ConfirmedNetwork, { ports }: NetworkPass): Promise<boolean> {
  const trial = await ports.network.readTrial()
  return trial?.digest === digest && trial.change !== undefined
}

/** What was taken back, or lost its checkpoint, and stands in the kernel all the same. */
async function takeOut(
  wanted: ConfirmedNetwork,
  confirmed: ConfirmedNetwork | undefined,
  pass: NetworkPass,
): Promise<NetworkOutcome> {
  const { ports, checkpoint } = pass
  const message = `${wanted.revision.name} was not confirmed, and stood in the kernel all the same; it is taken out`
  ports.log.warn({ change: checkpoint?.id }, message)
  if (checkpoint?.phase === 'rolled-back' && checkpoint.program === wanted.digest) {
    await ports.checkpoints.rollBack(checkpoint.id, rollbackReasons.agentDied)
  } else if (confirmed === undefined) await enforceNetwork({ digest: '', revision: wanted.revision }, pass)
  return keepConfirmed(confirmed, pass, { reason: 'RolledBack', message, refusals: [] })
}

/** An open refusal is worked out again this often: what others have on the node may change. */
const judgedForMs = 10_000

/** A rule that the kernel will not take, and a program that would drop what must get through, are both known beforehand. */
async function refusalsOf(wanted: ConfirmedNetwork, plan: KernelPlan, pass: NetworkPass): Promise<readonly string[]> {
  const { ports, memory, signal } = pass
  const now = ports.clock.monotonicMs()
  const { judged } = memory
  if (judged?.digest === wanted.digest && now - judged.atMs < judgedForMs) return judged.refusals
  const { refusals, remarks } = await judgeProgram(wanted, plan, ports, signal)
  for (const remark of remarks) ports.log.warn({ revision: wanted.revision.name, remark }, 'remark of the simulation')
  memory.judged = { digest: wanted.digest, atMs: now, refusals }
  return refusals
}

async function applyAtOnce(wanted: ConfirmedNetwork, pass: NetworkPass): Promise<NetworkOutcome> {
  const outcome = await enforceNetwork(wanted, pass, 'Revision')
  if (outcome.verdict.kind !== 'failed') await pass.ports.network.writeConfirmed(wanted)
  return outcome
}

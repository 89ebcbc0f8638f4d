import { Failure } from '../../domain/failure.ts'
import type { NetworkChange } from '../../domain/network-change.ts'
import { rollbackReasons } from '../../domain/rollback-reason.ts'
import type { Checkpoint } from '../../ports/checkpoint-port.ts'
import type { ConfirmedNetwork } from '../../ports/network-state-port.ts'
import { decideRisky, type RiskyAttempt } from '../risky-change.ts'
import { applyKernelPlan, refuseSuspended } from './apply-kernel-plan.ts'
import { takeBack } from './continue-trial.ts'
import { keepConfirmed } from './keep-confirmed.ts'
import type { KernelPlan } from './kernel-plan.ts'
import type { KernelState } from './kernel-state.ts'
import type { NetworkOutcome } from './network-outcome.ts'
import type { NetworkPass } from './network-pass.ts'
import { sessionsLost } from './session-guard.ts'
import { wayBack } from './way-back.ts'

/** A program that is to be tried. */
export interface Introduction {
  readonly wanted: ConfirmedNetwork
  readonly confirmed: ConfirmedNetwork | undefined
  readonly state: KernelState
  readonly plan: KernelPlan
  readonly changes: readonly NetworkChange[]
  /** Earlier checkpoints, newest first. */
  readonly past: readonly Checkpoint[]
}

/** Checkpoint, then the change, then the probes: those come with the next passes. */
export async function beginTrial(introduction: Introduction, pass: NetworkPass): Promise<NetworkOutcome> {
  const { wanted, confirmed, state, plan, changes, past } = introduction
  const { ports, memory, signal } = pass
  const program = wanted.program ?? confirmed?.program
  const lost = await sessionsLost(wanted, ports, signal)
  for (const session of lost) ports.log.warn({ revision: wanted.revision.name }, session)
  const attempt: RiskyAttempt = {
    program: wanted.digest,
    revision: wanted.revision.name,
    probes: program?.probes ?? [],
    confirmTimeoutMs: ports.confirmTimeoutMs ?? program?.confirmTimeoutMs ?? 60_000,
    // No probe of the node itself can say that somebody gets in: whoever does, says so.
    isManual: lost.length > 0,
    past,
    rounds: [],
  }
  let step = decideRisky(attempt)
  if (step.kind === 'take-baseline') {
    step = decideRisky({ ...attempt, baseline: await ports.probes.run(step.probes, signal) })
  }
  if (step.kind === 'too-short') {
    const message = `the probes take ${Math.ceil(step.neededMs / 1000)} s, longer than spec.rollout.confirmTimeout`
    return keepConfirmed(confirmed, pass, { reason: 'ConfirmTimeoutTooShort', message, refusals: [] })
  }
  if (step.kind !== 'arm') throw new Error(`a risky change cannot begin with ${step.kind}`)
  for (const { name, message } of step.alreadyFailing) {
    ports.log.warn({ probe: name, message }, 'a probe fails before the change, and so is not asked afterwards')
  }
  await refuseSuspended(ports)
  const checkpoint = await ports.checkpoints.arm({
    program: wanted.digest,
    revision: wanted.revision.name,
    confirmTimeoutMs: attempt.confirmTimeoutMs,
    required: step.required,
    changes: [...changes.map(({ what, risk }) => (risk === undefined ? what : `${what}: ${risk}`)), ...lost],
    isManual: step.isManual,
    inverse: await wayBack(plan, state, ports, signal),
  })
  const failures = await applyArmed(checkpoint, introduction, pass)
  const message = failures.map((failure) => failure.message).join('; ')
  memory.trial = {
    id: checkpoint.id,
    wanted,
    applied: failures.length === 0 ? { ok: true } : { ok: false, message, isBusy: failures.every(isBusy) },
    rounds: [],
    nextRoundAtMs: 0,
  }
  if (failures.length === 0 && !(await isProbing(checkpoint.id, ports))) {
    return takeBack(memory.trial, rollbackReasons.deadline, { ...pass, checkpoint })
  }
  if (failures.length > 0)
    ports.log.warn({ change: checkpoint.id, error: message }, 'change could not be applied whole')
  else tellApplied(checkpoint, changes, ports)
  return {
    verdict: {
      kind: 'pending',
      reason: 'Confirming',
      message: `Change ${checkpoint.id} is in place and taken back unless its probes go on answering`,
      revisitAfterMs: 10,
    },
    plan: { changes: [], reported: [], refusals: [] },
    applied: failures.length === 0 ? changes : [],
    enforced: confirmed,
    checkpoint,
    contested: [],
  }
}

function isBusy({ detail }: Failure): boolean {
  return detail.code === 'FILTER_LOCKED' || detail.code === 'FILTER_CONTESTED'
}

function tellApplied(
  { id }: Checkpoint,
  changes: readonly NetworkChange[],
  { metrics, log }: NetworkPass['ports'],
): void {
  for (const { what, kind, cause } of changes) {
    metrics.changeApplied(kind, cause)
    log.info({ change: id, what }, 'change applied, not confirmed yet')
  }
}

/**
 * Puts a change into the kernel that can be taken back. What cannot go on is taken back at once: an open change would keep
 * everything else waiting for its deadline.
 */
async function applyArmed({ id }: Checkpoint, { wanted, plan }: Introduction, { ports, signal }: NetworkPass) {
  try {
    await ports.network.writeTrial({ ...wanted, change: id })
    await ports.checkpoints.advance(id, 'applying')
    const inventory = await ports.network.readInventory()
    return (await applyKernelPlan(plan, { inventory, isWhole: false, isTrial: true }, ports, signal)).failures
  } catch (error) {
    await ports.checkpoints.rollBack(id, `it could not be applied whole: ${String(error)}`).catch(() => false)
    throw error
  }
}

/** A watchdog may have come first, while this process stood still: what was written after it has to go as well. */
async function isProbing(id: string, { checkpoints }: NetworkPass['ports']): Promise<boolean> {
  try {
    await checkpoints.advance(id, 'probing')
    return true
  } catch (error) {
    if (error instanceof Failure && error.detail.code === 'CHECKPOINT_ENDED') return false
    throw error
  }
}

import { rollbackReasons } from '../../domain/rollback-reason.ts'
import { unreachable } from '../../domain/unreachable.ts'
import type { Verdict } from '../../domain/verdict.ts'
import type { Checkpoint } from '../../ports/checkpoint-port.ts'
import type { ConfirmedNetwork } from '../../ports/network-state-port.ts'
import { decideRisky } from '../risky-change.ts'
import { enforceNetwork } from './enforce-network.ts'
import type { Trial } from './network-memory.ts'
import type { NetworkOutcome } from './network-outcome.ts'
import type { NetworkPass } from './network-pass.ts'

/** How soon a pass comes back after something ended. */
const soonMs = 10
/** How soon it is tried again where others kept us from writing. */
const busyMs = 5_000

/**
 * One look at a risky change that is in place and not confirmed: what it put there is held, its probes are asked when
 * they are due, and it is confirmed or taken back.
 * @param wanted what the newest revision asks for; another one does not wait for somebody to confirm this one
 */
export async function continueTrial(
  trial: Trial,
  wanted: ConfirmedNetwork,
  pass: NetworkPass,
): Promise<NetworkOutcome> {
  const { ports, memory, signal, checkpoint } = pass
  if (checkpoint === undefined) throw new Error(`the checkpoint of change ${trial.id} is gone`)
  if (checkpoint.isManual && wanted.digest !== trial.wanted.digest) {
    return takeBack(trial, `a newer revision asks for something else: ${wanted.revision.name}`, pass)
  }
  // Only while the change is in place whole: half of it, or what is being taken back, is not repaired.
  const isInPlace = trial.applied.ok && checkpoint.phase === 'probing'
  const held = isInPlace ? await enforceNetwork(trial.wanted, pass) : undefined
  await askProbes(trial, checkpoint, pass)
  if (signal.aborted) return outcome(trial, pass, confirming(trial, checkpoint, soonMs), held)
  const step = decideRisky({
    program: trial.wanted.digest,
    revision: trial.wanted.revision.name,
    probes: checkpoint.required,
    confirmTimeoutMs: checkpoint.confirmTimeoutMs,
    isManual: checkpoint.isManual,
    past: [],
    checkpoint,
    applied: trial.applied,
    leftMs: (await ports.checkpoints.times(trial.id))?.leftMs ?? 0,
    rounds: trial.rounds,
  })
  switch (step.kind) {
    case 'confirm': {
      if (!(await ports.checkpoints.confirm(trial.id))) return ended(trial, pass, held)
      await ports.network.writeConfirmed(trial.wanted)
      memory.trial = undefined
      ports.log.info({ change: trial.id, revision: trial.wanted.revision.name }, 'change confirmed')
      const settled = {
        kind: 'settled',
        reason: 'Confirmed',
        message: 'The change was confirmed by its probes',
      } as const
      return outcome(trial, pass, { ...settled, revisitAfterMs: soonMs }, held)
    }
    case 'roll-back':
      return takeBack(trial, step.reason, pass)
    case 'probe': {
      const now = ports.clock.monotonicMs()
      trial.nextRoundAtMs = Math.max(trial.nextRoundAtMs, (trial.rounds.at(-1)?.atMs ?? now) + step.afterMs)
      return outcome(trial, pass, confirming(trial, checkpoint, Math.max(soonMs, trial.nextRoundAtMs - now)), held)
    }
    case 'await-confirmation':
      return outcome(trial, pass, confirming(trial, checkpoint, step.afterMs), held)
    case 'ended':
      return ended(trial, pass, held)
    case 'apply':
    case 'arm':
    case 'refuse':
    case 'take-baseline':
    case 'too-short':
      throw new Error(`a change that is in place cannot go on with ${step.kind}`)
    default:
      return unreachable(step)
  }
}

async function askProbes(trial: Trial, checkpoint: Checkpoint, { ports, signal }: NetworkPass): Promise<void> {
  const now = ports.clock.monotonicMs()
  if (checkpoint.required.length === 0 || now < trial.nextRoundAtMs) return
  const results = await ports.probes.run(checkpoint.required, signal)
  for (const { name, message } of results.filter(({ passed }) => !passed)) {
    ports.log.warn({ change: trial.id, probe: name, message }, 'a probe failed after the change')
  }
  trial.rounds = [...trial.rounds, { atMs: now, results }].slice(-100)
}

/** Undoes the trial now, and has the next pass look anew. */
export async function takeBack(trial: Trial, reason: string, pass: NetworkPass): Promise<NetworkOutcome> {
  const { ports, memory } = pass
  ports.log.warn({ change: trial.id, reason }, 'change taken back')
  await ports.checkpoints.rollBack(trial.id, reason)
  memory.trial = undefined
  const message = `Change ${trial.id} was taken back: ${reason}`
  const revisitAfterMs = reason.startsWith(rollbackReasons.busy) ? busyMs : soonMs
  return outcome(trial, pass, { kind: 'pending', reason: 'RolledBack', message, revisitAfterMs }, undefined)
}

/** Somebody else ended it meanwhile; the next pass reads how. */
function ended(trial: Trial, pass: NetworkPass, held: NetworkOutcome | undefined): NetworkOutcome {
  pass.memory.trial = undefined
  return outcome(
    trial,
    pass,
    { kind: 'pending', reason: 'Ended', message: `Change ${trial.id} has ended`, revisitAfterMs: soonMs },
    held,
  )
}

function confirming(trial: Trial, { isManual }: Checkpoint, revisitAfterMs: number): Verdict {
  const message = isManual
    ? `Change ${trial.id} waits for fairlead confirm`
    : `Change ${trial.id} is in place and taken back unless its probes go on answering`
  return { kind: 'pending', reason: isManual ? 'AwaitingConfirmation' : 'Confirming', message, revisitAfterMs }
}

function outcome(
  trial: Trial,
  { checkpoint, memory, ports }: NetworkPass,
  verdict: Verdict,
  held: NetworkOutcome | undefined,
): NetworkOutcome {
  return {
    verdict: held?.verdict.kind === 'failed' ? held.verdict : verdict,
    plan: held?.plan ?? { changes: [], reported: [], refusals: [] },
    applied: held?.applied ?? [],
    enforced: trial.wanted,
    checkpoint,
    contested: memory.fights.contested(ports.clock.monotonicMs()),
  }
}

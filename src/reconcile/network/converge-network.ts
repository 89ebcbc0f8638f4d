import { Failure } from '../../domain/failure.ts'
import type { NetworkProgram } from '../../domain/network-program.ts'
import type { Checkpoint } from '../../ports/checkpoint-port.ts'
import type { ConfirmedNetwork, NetworkInventory } from '../../ports/network-state-port.ts'
import type { LastGood } from '../../ports/node-state-port.ts'
import { sha256Hex } from '../../text/digest.ts'
import { sortedKeys } from '../../text/sorted-keys.ts'
import { failedPass } from '../node-verdict.ts'
import { continueTrial } from './continue-trial.ts'
import { enforceNetwork } from './enforce-network.ts'
import { holdFromStart } from './hold-from-start.ts'
import { introduceNetwork } from './introduce-network.ts'
import type { NetworkMemory } from './network-memory.ts'
import type { NetworkOutcome } from './network-outcome.ts'
import type { NetworkPass } from './network-pass.ts'
import type { NetworkPorts } from './network-ports.ts'
import { tendNode } from './tend-node.ts'

/**
 * One pass over a node's kernel. What was confirmed is enforced without asking anybody; a program that is new goes in at
 * once when it cannot cut the node off, and under a checkpoint otherwise; one that would is not loaded at all.
 * @param candidate the program of the newest good revision; undefined while none is known
 * @returns undefined where nothing was ever asked of this kernel
 */
export async function convergeNetwork(
  candidate: LastGood | undefined,
  ports: NetworkPorts,
  memory: NetworkMemory,
  signal: AbortSignal,
): Promise<NetworkOutcome | undefined> {
  const { checkpoint, confirmed } = await settledCheckpoint(ports, memory, signal)
  const wanted = candidate === undefined ? confirmed : networkOf(candidate)
  if (wanted === undefined) return undefined
  const asks = candidate === undefined ? {} : { program: candidate.program.digest }
  const pass = { ports, memory, signal, checkpoint, ...asks }
  const outcome = await lookAt(wanted, confirmed, pass)
  if (outcome?.awaitsPermit !== true) ports.permits?.awaiting(undefined)
  if (outcome === undefined) return undefined
  const isCached = candidate === undefined || outcome.enforced?.digest !== wanted.digest
  return await tendNode(outcome, pass, { isCached })
}

/** Where the checkpoints cannot be read nothing new is begun; what is in force is held all the same. */
async function settledCheckpoint(ports: NetworkPorts, memory: NetworkMemory, signal: AbortSignal): Promise<Settled> {
  try {
    return await settleCheckpoint(ports, memory)
  } catch (error) {
    const confirmed = await ports.network.readConfirmed()
    if (confirmed !== undefined && memory.trial === undefined && !signal.aborted) {
      await enforceNetwork(confirmed, { ports, memory, signal, checkpoint: undefined })
    }
    throw error
  }
}

async function lookAt(
  wanted: ConfirmedNetwork,
  confirmed: ConfirmedNetwork | undefined,
  pass: NetworkPass,
): Promise<NetworkOutcome | undefined> {
  const { memory, ports } = pass
  if (memory.trial !== undefined) return continueTrial(memory.trial, wanted, pass)
  if (wanted.digest === confirmed?.digest) {
    const inventory = await ports.network.readInventory()
    return isIdle(wanted.program, inventory) ? undefined : holdFromStart(wanted, pass)
  }
  // Before anything new: after a start of the machine the kernel is empty, and the way back would lead to that.
  if (!memory.held && confirmed !== undefined) await holdFromStart(confirmed, pass)
  memory.held = true
  return introduceOrKeep(wanted, confirmed, pass)
}

/** What cannot be introduced, as when the disk is full, is no reason to let go of what is in force. */
async function introduceOrKeep(
  wanted: ConfirmedNetwork,
  confirmed: ConfirmedNetwork | undefined,
  pass: NetworkPass,
): Promise<NetworkOutcome> {
  try {
    return await introduceNetwork(wanted, confirmed, pass)
  } catch (error) {
    if (confirmed === undefined || pass.signal.aborted) throw error
    if (!(error instanceof Failure)) {
      await enforceNetwork(confirmed, pass)
      throw error
    }
    const { code, where, fix } = error.detail
    pass.ports.log.warn({ code, where, fix }, error.message)
    return { ...(await enforceNetwork(confirmed, pass)), verdict: failedPass(error) }
  }
}

/** What a program says of the kernel, told apart from everything else that it says. Read back from the disk it is the same. */
export function networkOf({ program, revision }: LastGood): ConfirmedNetwork {
  const { network } = program
  if (network === undefined) return { digest: sha256Hex('{}'), revision }
  const digest = digests.get(network) ?? sha256Hex(JSON.stringify(sortedKeys(network)))
  digests.set(network, digest)
  return { program: network, digest, revision }
}

/** Of 10,000 rules it takes as long as looking at all of them in the kernel, and a program does not change. */
const digests = new WeakMap<NetworkProgram, string>()

function isIdle(program: NetworkProgram | undefined, inventory: NetworkInventory): boolean {
  return program === undefined && inventory.planes.length + inventory.written.length === 0
}

interface Settled {
  /** The last one, ended or not. */
  readonly checkpoint: Checkpoint | undefined
  readonly confirmed: ConfirmedNetwork | undefined
}

/**
 * Ends what another process left open, takes note of what was confirmed from outside, and of what a watchdog took back.
 * Until it is known to be confirmed a program is not the one in force, whatever the kernel holds.
 */
async function settleCheckpoint(ports: NetworkPorts, memory: NetworkMemory): Promise<Settled> {
  const { checkpoints, network, log } = ports
  if (!memory.recovered) {
    const ended = await checkpoints.recover()
    if (ended !== undefined) log.warn({ change: ended.id, reason: ended.reason }, 'an unfinished change was taken back')
    memory.recovered = true
  }
  const checkpoint = await checkpoints.current()
  const isEnded = checkpoint?.phase === 'confirmed' || checkpoint?.phase === 'rolled-back'
  if (memory.trial !== undefined && (isEnded || checkpoint?.id !== memory.trial.id)) memory.trial = undefined
  // Whatever was introduced last is the trial, so one that was followed by another never comes back; and a program that is
  // introduced again has no checkpoint yet.
  const trial = checkpoint?.phase === 'confirmed' ? await network.readTrial() : undefined
  const isOfCheckpoint = trial !== undefined && trial.change === checkpoint?.id && trial.digest === checkpoint?.program
  const known = await network.readConfirmed()
  if (!isOfCheckpoint || known?.digest === trial.digest) return { checkpoint, confirmed: known }
  await noteConfirmed(trial, checkpoint, ports)
  return { checkpoint, confirmed: trial }
}

/** It was confirmed, whether or not the disk takes it now: the next pass tries to write it down again. */
async function noteConfirmed(
  trial: ConfirmedNetwork,
  { id }: Checkpoint,
  { network, log }: NetworkPorts,
): Promise<void> {
  try {
    await network.writeConfirmed(trial)
    log.info({ change: id, revision: trial.revision.name }, 'change confirmed')
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const { code, where, fix } = error.detail
    log.warn({ code, where, fix }, error.message)
  }
}

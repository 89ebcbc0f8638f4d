import type { FileChange } from '../domain/change.ts'
import type { NetworkChange } from '../domain/network-change.ts'
import type { Problem } from '../domain/problem.ts'
import type { Revision } from '../domain/revision.ts'
import type { Verdict } from '../domain/verdict.ts'
import type { LastGood } from '../ports/node-state-port.ts'
import {
  type ConvergeSettings,
  convergeNode,
  type NodeOutcome,
  type NodePorts,
  newNodeMemory,
} from './converge-node.ts'
import { convergeNetwork } from './network/converge-network.ts'
import { type NetworkMemory, newNetworkMemory } from './network/network-memory.ts'
import type { NetworkOutcome } from './network/network-outcome.ts'
import type { NetworkPorts } from './network/network-ports.ts'
import { passRecord } from './pass-record.ts'
import type { Source } from './source-state.ts'
import { statusSnapshot } from './status-snapshot.ts'
import { worseVerdict } from './worse-verdict.ts'

export interface OnceInput {
  readonly candidate: LastGood
  readonly revision: Revision
  /** Warnings and notices of the revision, for the status. */
  readonly problems: readonly Problem[]
  /** For people: where the revision was read. */
  readonly sourceDescription: string
  readonly settings: ConvergeSettings
  /** How long to wait for what takes its time, such as removals. */
  readonly timeoutMs: number
}

export interface OnceOutcome {
  readonly verdict: Verdict
  /** Of all passes, in order. */
  readonly applied: readonly FileChange[]
  readonly kernel: readonly NetworkChange[]
}

/**
 * The passes of the loop for one revision, until the machine is settled, somebody has to step in, or the time is up.
 * Status and history are written as the loop writes them. To be called under the lock of the state.
 * @param kernel undefined where it is not ours to keep
 */
export async function convergeOnce(
  input: OnceInput,
  ports: NodePorts,
  kernel: NetworkPorts | undefined,
  signal: AbortSignal,
): Promise<OnceOutcome> {
  const deadlineMs = ports.clock.nowMs() + input.timeoutMs
  const files = await convergeFiles(input, deadlineMs, ports, signal)
  // What was refused for the files is not carried out for the kernel either.
  if (kernel === undefined || files.outcome.verdict.kind === 'blocked') {
    return { verdict: files.outcome.verdict, applied: files.applied, kernel: [] }
  }
  const memory = newNetworkMemory()
  const changes: NetworkChange[] = []
  for (;;) {
    const startedAtMs = ports.clock.nowMs()
    const network = await convergeNetwork(input.candidate, kernel, memory, signal)
    const verdict = worseVerdict(files.outcome.verdict, network?.verdict) ?? files.outcome.verdict
    if (network === undefined) return { verdict, applied: files.applied, kernel: changes }
    changes.push(...network.applied)
    await tell(input, { ...files, network, verdict, startedAtMs }, ports)
    const waitMs = network.verdict.kind === 'failed' ? undefined : revisitOf(network.verdict)
    if (waitMs === undefined || signal.aborted || ports.clock.nowMs() + waitMs > deadlineMs) {
      const unconfirmed = await takeBackOpen(memory, kernel)
      return { verdict: unconfirmed ?? verdict, applied: files.applied, kernel: changes }
    }
    await ports.clock.sleep(waitMs, signal)
  }
}

/** A change that was begun here does not outlive us: nobody would be left to ask its probes. */
async function takeBackOpen(memory: NetworkMemory, kernel: NetworkPorts): Promise<Verdict | undefined> {
  const { trial } = memory
  if (trial === undefined) return undefined
  if (!(await kernel.checkpoints.rollBack(trial.id, 'it was not confirmed while fairlead apply --once waited'))) {
    await kernel.network.writeConfirmed(trial.wanted)
    return undefined
  }
  const message = `Change ${trial.id} was not confirmed in time and is taken back; fairlead confirm says yes meanwhile`
  return { kind: 'blocked', reason: 'NotConfirmed', message }
}

interface ConvergedFiles {
  /** Of the last pass. */
  readonly outcome: NodeOutcome
  readonly applied: readonly FileChange[]
  readonly contested: readonly { readonly path: string; readonly writer: string }[]
}

async function convergeFiles(
  input: OnceInput,
  deadlineMs: number,
  ports: NodePorts,
  signal: AbortSignal,
): Promise<ConvergedFiles> {
  // Nothing is staged anew: what is applied is what `fairlead plan` showed.
  const memory = { ...newNodeMemory(ports.clock.monotonicMs()), restage: false }
  const applied: FileChange[] = []
  for (;;) {
    const startedAtMs = ports.clock.nowMs()
    const lastGood = await ports.state.readLastGood()
    const outcome = await convergeNode(input.candidate, lastGood, input.settings, ports, memory, signal)
    applied.push(...outcome.applied)
    const contested = memory.limits.contested(ports.clock.nowMs())
    const { verdict } = outcome
    await tell(input, { outcome, contested, network: undefined, verdict, startedAtMs }, ports)
    // A restart of K3s is not waited for: that takes somebody else.
    const waitMs = verdict.reason === 'RestartPending' ? undefined : revisitOf(verdict)
    if (waitMs === undefined || signal.aborted || ports.clock.nowMs() + waitMs > deadlineMs) {
      return { outcome, applied, contested }
    }
    await ports.clock.sleep(waitMs, signal)
  }
}

function revisitOf(verdict: Verdict): number | undefined {
  return verdict.kind === 'pending' ? verdict.revisitAfterMs : undefined
}

interface Ended extends Omit<ConvergedFiles, 'applied'> {
  readonly network: NetworkOutcome | undefined
  readonly verdict: Verdict
  readonly startedAtMs: number
}

async function tell(input: OnceInput, ended: Ended, { state, clock }: NodePorts): Promise<void> {
  const { outcome, contested, network, verdict, startedAtMs } = ended
  const before = await state.readStatus()
  const { candidate, revision, problems } = input
  const source: Source = { state: { kind: 'compiled', revision, candidate, problems }, failure: undefined }
  const snapshot = statusSnapshot({
    cluster: outcome.enforced.program.cluster,
    node: candidate.program.node,
    sourceDescription: input.sourceDescription,
    source,
    previous: before,
    outcome,
    network,
    kernelVerdict: network?.verdict,
    // One pass applies no manifests; what was told of them still counts.
    deploy: before?.deploy,
    deployVerdict: undefined,
    verdict,
    contested,
    suspended: (await state.readSuspension()) !== undefined,
    lastHandledReconcileAt: before?.lastHandledReconcileAt ?? '',
  })
  await state.writeStatus(snapshot)
  const reason = 'apply --once'
  const of = network === undefined ? { outcome } : { outcome: undefined, network }
  const record = passRecord({ before, snapshot, ...of, source, reason, startedAtMs, endedAtMs: clock.nowMs() })
  if (record !== undefined) await state.appendHistory(record)
}

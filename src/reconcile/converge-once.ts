import type { FileChange } from '../domain/change.ts'
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
import { passRecord } from './pass-record.ts'
import type { Source } from './source-state.ts'
import { statusSnapshot } from './status-snapshot.ts'

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
}

/**
 * The passes of the loop for one revision, until the machine is settled, somebody has to step in, or the time is up.
 * Status and history are written as the loop writes them. To be called under the lock of the state.
 */
export async function convergeOnce(input: OnceInput, ports: NodePorts, signal: AbortSignal): Promise<OnceOutcome> {
  const deadlineMs = ports.clock.nowMs() + input.timeoutMs
  // Nothing is staged anew: what is applied is what `fairlead plan` showed.
  const memory = { ...newNodeMemory(ports.clock.monotonicMs()), restage: false }
  const applied: FileChange[] = []
  for (;;) {
    const startedAtMs = ports.clock.nowMs()
    const lastGood = await ports.state.readLastGood()
    const outcome = await convergeNode(input.candidate, lastGood, input.settings, ports, memory, signal)
    applied.push(...outcome.applied)
    await tell(input, outcome, memory.limits.contested(ports.clock.nowMs()), startedAtMs, ports)
    const { verdict } = outcome
    // A restart of K3s is not waited for: that takes somebody else.
    const waitMs =
      verdict.kind === 'pending' && verdict.reason !== 'RestartPending' ? verdict.revisitAfterMs : undefined
    if (waitMs === undefined || signal.aborted || ports.clock.nowMs() + waitMs > deadlineMs) return { verdict, applied }
    await ports.clock.sleep(waitMs, signal)
  }
}

async function tell(
  input: OnceInput,
  outcome: NodeOutcome,
  contested: readonly { readonly path: string; readonly writer: string }[],
  startedAtMs: number,
  { state, clock }: NodePorts,
): Promise<void> {
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
    verdict: outcome.verdict,
    contested,
    suspended: (await state.readSuspension()) !== undefined,
    lastHandledReconcileAt: before?.lastHandledReconcileAt ?? '',
  })
  await state.writeStatus(snapshot)
  const reason = 'apply --once'
  const record = passRecord({ before, snapshot, outcome, source, reason, startedAtMs, endedAtMs: clock.nowMs() })
  if (record !== undefined) await state.appendHistory(record)
}

import { fairleadKinds, fairleadNamespace } from '../../domain/fairlead-api.ts'
import {
  decidePermits,
  type Permit,
  type PermitDecision,
  type PermitPolicy,
} from '../../plan/permits/decide-permits.ts'
import type { NodeStanding } from '../../plan/permits/node-standing.ts'
import type { ControllerMetricsPort } from '../../ports/controller-metrics-port.ts'
import type { KubeEventsPort } from '../../ports/kube-objects-port.ts'
import type { ProgramWriter } from './program-writer.ts'
import type { PublishedRecord } from './published-record.ts'

export interface PermitPorts {
  readonly writer: ProgramWriter
  readonly events: KubeEventsPort
  readonly metrics: ControllerMetricsPort
}

/**
 * Gives and takes permits, one write after the other: each changes what the next pass decides on.
 * @throws Failure `KUBE_*`, LEAD_LOST
 */
export async function permitPass(
  standings: readonly NodeStanding[],
  policy: PermitPolicy,
  records: ReadonlyMap<string, PublishedRecord>,
  { writer, events, metrics }: PermitPorts,
  signal: AbortSignal,
): Promise<PermitDecision> {
  const decision = decidePermits(standings, policy)
  const tell = ({ node, program }: Permit, reason: string, words: string): void => {
    const uid = records.get(node)?.metadata.uid
    const regarding = { ...fairleadKinds.nodeProgram, namespace: fairleadNamespace, name: node }
    const message = `${words} program ${program.slice(0, 12)}`
    events.record({
      regarding: { ...regarding, ...(uid === undefined ? {} : { uid }) },
      type: 'Normal',
      reason,
      message,
    })
  }
  for (const permit of decision.revoke) {
    if (!(await writer.permit(permit.node, undefined, signal))) continue
    metrics.permitWritten('revoked')
    tell(permit, 'PermitRevoked', 'The permit is over for')
  }
  for (const permit of decision.grant) {
    if (!(await writer.permit(permit.node, permit.program, signal))) continue
    metrics.permitWritten('granted')
    tell(permit, 'PermitGranted', 'A risky change may begin with')
  }
  return decision
}

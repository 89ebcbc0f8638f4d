import { addressText } from '../plan/packet-path/simulate-packet.ts'
import type { Cause, Step } from '../plan/packet-path/walk.ts'
import type { Trace } from './trace-text.ts'

/** The trace for programs: `kind: Trace`, stable. */
export function traceAsJson({ packet, source, plane, simulation, notes }: Trace): object {
  const { verdict, steps, packet: end } = simulation
  return {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'Trace',
    packet,
    program: source,
    plane,
    verdict: verdict.kind,
    way: verdict.kind === 'accepted' ? verdict.way : undefined,
    by: verdict.kind === 'dropped' || verdict.kind === 'rejected' ? causeAsJson(verdict.by) : undefined,
    possible: verdict.kind === 'uncertain' ? verdict.possible.map(causeAsJson) : undefined,
    steps: steps.map(stepAsJson),
    end: {
      from: addressText(end, 'from'),
      to: addressText(end, 'to'),
      sourcePort: portOf(end.values.sourcePort),
      destinationPort: portOf(end.values.destinationPort),
      outInterface: end.outInterface,
      mark: end.mark >>> 0,
    },
    notes: [...simulation.notes, ...notes],
  }
}

function portOf(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value)
}

function causeAsJson(cause: Cause): object {
  return { outcome: cause.outcome, ...stepAsJson(cause) }
}

function stepAsJson({ hook, table, chain, rule, effect, isCertain }: Step): object {
  return {
    hook,
    table,
    chain,
    rule: rule?.text(),
    ruleId: rule?.own?.id,
    origin: rule?.own?.origin,
    effect,
    certain: isCertain,
  }
}

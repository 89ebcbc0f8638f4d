import { selectorText } from '../../k3s/servicelb/selector.ts'
import { sha256Hex } from '../../text/digest.ts'
import type { SelectorFinding } from './stale-selectors.ts'

/** ServiceLB writes a DaemonSet within a second of a change; an API server that is slow gets some more. */
const patienceMs = 5_000
/** After the trigger: until it counts as without effect, where nothing is served that could be lost. */
const idleTriggerMs = 10_000
/** The same, where nodes are served by the selector that is stale. */
const busyTriggerMs = 40_000
/** Then nobody waits any longer. */
const givenUpMs = 60_000

export const triggerTimes = { patienceMs, idleTriggerMs, busyTriggerMs, givenUpMs } as const

/** What is to be done about the DaemonSet of one Service. */
export type TriggerDecision =
  /** `value` of our annotation: absent for none. */
  | { readonly kind: 'hold'; readonly value?: string }
  /** The same for now, and more when it stays so. */
  | { readonly kind: 'wait'; readonly value?: string; readonly forMs: number; readonly isGivenUp: boolean }
  /** The trigger had no effect: make it anew, then set `value`. */
  | { readonly kind: 'delete'; readonly value: string }

export interface TriggerInput {
  readonly finding: SelectorFinding | undefined
  /** As the inventory has it: written down before it was set. */
  readonly intended: string | undefined
  /** As the Service has it. */
  readonly live: string | undefined
  /** How long this DaemonSet, or its absence, has been as it is now while another one is expected. */
  readonly staleForMs: number
  /** Labels are still on their way: what is expected is not yet what will be. */
  readonly isSettled: boolean
}

/**
 * An annotation that changes is what makes ServiceLB look at a Service again. It stays until the selector is right, and
 * goes again. Only a selector with keys that ServiceLB cannot take away, and that a trigger did not mend, costs its
 * DaemonSet.
 */
export function decideTrigger({ finding, intended, live, staleForMs, isSettled }: TriggerInput): TriggerDecision {
  if (finding === undefined) return { kind: 'hold' }
  // An intention is finished first, whoever had it.
  if (intended !== undefined && intended !== live) return { kind: 'hold', value: intended }
  const kept = intended === undefined ? {} : { value: intended }
  const { daemonSet } = finding
  if (daemonSet === undefined) {
    if (intended === undefined || staleForMs >= givenUpMs) return { kind: 'hold' }
    return { kind: 'wait', ...kept, forMs: givenUpMs - staleForMs, isGivenUp: false }
  }
  if (!finding.isStale) return { kind: 'hold' }
  if (!isSettled) return { kind: 'hold', ...kept }
  if (staleForMs < patienceMs) return { kind: 'wait', ...kept, forMs: patienceMs - staleForMs, isGivenUp: false }
  const trigger = triggerValue(finding)
  if (intended !== trigger) return { kind: 'hold', value: trigger }
  const deleteAfterMs = finding.servesNobody ? idleTriggerMs : busyTriggerMs
  if (!finding.hasLeftovers) {
    const isGivenUp = staleForMs >= givenUpMs
    return { kind: 'wait', ...kept, forMs: isGivenUp ? givenUpMs : givenUpMs - staleForMs, isGivenUp }
  }
  if (staleForMs < deleteAfterMs) return { kind: 'wait', ...kept, forMs: deleteAfterMs - staleForMs, isGivenUp: false }
  return { kind: 'delete', value: shortDigest(`without ${daemonSet.uid}`, finding) }
}

/** Another one for every DaemonSet and every selector that it should have. */
function triggerValue(finding: SelectorFinding): string {
  return shortDigest(finding.daemonSet?.uid ?? 'none', finding)
}

/** Of the moment when the allow-list is turned on or off. */
export function flipValue(daemonSetUid: string, move: 'on' | 'off'): string {
  return sha256Hex(`${move} ${daemonSetUid}`).slice(0, 16)
}

function shortDigest(what: string, { expected }: SelectorFinding): string {
  return sha256Hex(`${what} ${selectorText(expected)}`).slice(0, 16)
}

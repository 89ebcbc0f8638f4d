import type { ConfirmedNetwork } from '../../ports/network-state-port.ts'
import { enforceNetwork } from './enforce-network.ts'
import type { NetworkOutcome } from './network-outcome.ts'
import type { NetworkPass } from './network-pass.ts'

/** Law 3: what is refused changes nothing, and what was in force before is still held. */
export async function keepConfirmed(
  confirmed: ConfirmedNetwork | undefined,
  pass: NetworkPass,
  refused: { readonly reason: string; readonly message: string; readonly refusals: readonly string[] },
): Promise<NetworkOutcome> {
  const { reason, message, refusals } = refused
  const verdict = { kind: 'blocked', reason, message } as const
  if (confirmed === undefined) {
    const plan = { changes: [], reported: [], refusals }
    return { verdict, plan, applied: [], enforced: undefined, checkpoint: pass.checkpoint, contested: [] }
  }
  const held = await enforceNetwork(confirmed, pass)
  return { ...held, plan: { ...held.plan, refusals }, verdict: held.verdict.kind === 'failed' ? held.verdict : verdict }
}

import type { NetworkChange } from '../../domain/network-change.ts'
import type { ConfirmedNetwork } from '../../ports/network-state-port.ts'
import { keepConfirmed } from './keep-confirmed.ts'
import type { NetworkOutcome } from './network-outcome.ts'
import type { NetworkPass } from './network-pass.ts'

/** Where a controller says when: whether a risky change has its leave. Where nobody does, none is asked for. */
export function isPermitted({ ports: { permits }, program }: NetworkPass): boolean {
  return permits === undefined || (program !== undefined && permits.isGranted(program))
}

/** Asks for leave. Nothing of the change is written meanwhile, and what is in force is held. */
export async function awaitPermit(
  confirmed: ConfirmedNetwork | undefined,
  changes: readonly NetworkChange[],
  pass: NetworkPass,
): Promise<NetworkOutcome> {
  const { ports, program = '' } = pass
  const risky = changes.flatMap(({ what, risk }) => (risk === undefined ? [] : [`${what}: ${risk}`]))
  ports.permits?.awaiting({ program, changes: risky })
  const message = `The controller says when this node may change what could cut it off: ${risky.join('; ')}`
  const held = await keepConfirmed(confirmed, pass, { reason: 'AwaitingPermit', message, refusals: [] })
  // What fails may be what the change that waits would mend, so it goes on asking.
  if (held.verdict.kind === 'failed') return { ...held, awaitsPermit: true }
  return { ...held, verdict: { kind: 'pending', reason: 'AwaitingPermit', message }, awaitsPermit: true }
}

import { Failure } from '../../domain/failure.ts'
import type { ConfirmedNetwork } from '../../ports/network-state-port.ts'
import { enforceNetwork } from './enforce-network.ts'
import type { NetworkOutcome } from './network-outcome.ts'
import type { NetworkPass } from './network-pass.ts'

/**
 * Holds the kernel to what was confirmed. With its first look a process may find that this kernel, newer than the one that
 * took the program, refuses a rule of it: then the packet filter that was in force before stands in, so that the machine is
 * not open until somebody looks.
 */
export async function holdFromStart(confirmed: ConfirmedNetwork, pass: NetworkPass): Promise<NetworkOutcome> {
  const outcome = await enforceNetwork(confirmed, pass)
  const { memory } = pass
  if (!memory.held && outcome.verdict.kind === 'failed' && outcome.verdict.failures.some(isRejected)) {
    await standIn(pass)
  }
  memory.held = true
  return outcome
}

/** The newest older filter that this kernel takes. */
async function standIn({ ports, signal }: NetworkPass): Promise<void> {
  for (const { program, revision } of await ports.network.readOlder()) {
    if (program?.filter === undefined) continue
    const filter = ports.filter(program.plane, program.backend)
    try {
      await filter.check(program.filter, signal)
      await filter.replace(program.filter, signal)
      const message = 'this kernel refuses the packet filter that was confirmed; an older one stands in'
      return ports.log.error({ revision: revision.name }, message)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      ports.log.warn({ revision: revision.name, code: error.detail.code }, error.message)
    }
  }
}

function isRejected({ detail }: Failure): boolean {
  return detail.code === 'FILTER_REJECTED'
}

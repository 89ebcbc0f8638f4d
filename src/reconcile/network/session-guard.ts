import { familyOf } from '../../domain/cidr.ts'
import type { FailsafeFlow } from '../../domain/network-program.ts'
import { guardProgram } from '../../plan/packet-path/guard-program.ts'
import type { ConfirmedNetwork } from '../../ports/network-state-port.ts'
import type { NetworkPorts } from './network-ports.ts'

/** Of many sessions the first few tell as much as all of them. */
const mostSessions = 20

/**
 * Who is logged in now, and could not log in again with this program: no reason to refuse it, but nothing that probes of
 * the node itself can say is fine. Each in a sentence.
 */
export async function sessionsLost(
  { program }: ConfirmedNetwork,
  ports: NetworkPorts,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (program?.filter === undefined) return []
  const named = program.failsafe.flows.flatMap(({ name, port }) => (name === 'ssh' && port !== undefined ? [port] : []))
  const watched = new Set([22, ...named])
  const sessions = (await ports.probes.sessions()).filter(({ port }) => watched.has(port))
  if (sessions.length === 0) return []
  const flows = sessions.slice(0, mostSessions).map(
    ({ peer, port }): FailsafeFlow => ({
      name: 'session',
      direction: 'input',
      family: familyOf(peer),
      protocol: 'tcp',
      peers: [`${peer}/${familyOf(peer) === 4 ? 32 : 128}`],
      port,
    }),
  )
  const filter = ports.filter(program.plane, program.backend)
  const [tables, hostRoutes] = [await filter.tables(signal), await (await ports.routes()).read(signal)]
  const { refusals } = guardProgram({
    program: program.filter,
    failsafe: { flows },
    plane: program.plane,
    tables,
    hostRoutes,
  })
  const lost = refusals.flatMap(({ flow, origin }) => {
    if (flow?.name !== 'session') return []
    const by = origin?.kind === 'document' ? ` because of ${origin.name} (${origin.file} ${origin.path})` : ''
    return `${flow.peers[0]?.split('/')[0] ?? 'somebody'} is logged in on port ${flow.port} and could not log in again${by}`
  })
  return [...new Set(lost)]
}

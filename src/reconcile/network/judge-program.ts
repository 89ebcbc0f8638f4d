import { Failure } from '../../domain/failure.ts'
import type { HostRoutes } from '../../domain/host-routes.ts'
import type { NetworkProgram } from '../../domain/network-program.ts'
import type { FilterProgram } from '../../domain/packet-filter.ts'
import type { GuardRefusal } from '../../plan/packet-path/guard-findings.ts'
import { guardProgram } from '../../plan/packet-path/guard-program.ts'
import { guardRoutes } from '../../plan/packet-path/guard-routes.ts'
import type { ConfirmedNetwork } from '../../ports/network-state-port.ts'
import type { PacketFilterPort } from '../../ports/packet-filter-port.ts'
import type { KernelPlan } from './kernel-plan.ts'
import type { NetworkReadPorts } from './network-ports.ts'
import { protectedPeers } from './protected-peers.ts'

/** What the simulation says of a program on this node. */
export interface Judgement {
  /** Why it must not be loaded, each in a sentence. */
  readonly refusals: readonly string[]
  /** Traffic that others drop already, and flows that could not be tried whole. */
  readonly remarks: readonly string[]
}

/**
 * The kernel is asked apart from the live tables, and packets that keep the node reachable are sent through the program
 * and everything found beside it, and along its routes. A rule that this kernel does not take is a refusal as well.
 * @throws Failure of the ports, but for FILTER_REJECTED
 */
export async function judgeProgram(
  { program }: ConfirmedNetwork,
  plan: KernelPlan,
  ports: NetworkReadPorts,
  signal: AbortSignal,
): Promise<Judgement> {
  const writes = [...plan.additions, ...plan.removals]
  const hasFilter = program?.filter !== undefined && plan.planes.length > 0
  if (program === undefined || (!hasFilter && writes.length === 0)) return { refusals: [], remarks: [] }
  const hostRoutes = await (await ports.routes()).read(signal)
  const lost = guardRoutes(writes, hostRoutes, protectedPeers(program)).map(({ reason }) => reason)
  const filter = hasFilter ? await judgeFilter(program, hostRoutes, ports, signal) : { refusals: [], remarks: [] }
  return { refusals: [...filter.refusals, ...lost], remarks: filter.remarks }
}

async function judgeFilter(
  program: NetworkProgram,
  hostRoutes: HostRoutes,
  ports: NetworkReadPorts,
  signal: AbortSignal,
): Promise<Judgement> {
  if (program.filter === undefined) return { refusals: [], remarks: [] }
  const { filter: wanted, failsafe, plane } = program
  const filter = ports.filter(plane, program.backend)
  const rejected = await rejectionOf(filter, wanted, signal)
  if (rejected !== undefined) return { refusals: [rejected], remarks: [] }
  const tables = await filter.tables(signal)
  const found = guardProgram({ program: wanted, failsafe, plane, tables, hostRoutes })
  return {
    refusals: [...new Set(found.refusals.map(describeRefusal))],
    remarks: [
      ...found.warnings.map(
        ({ flow, rule, chain }) => `${flow?.name ?? 'traffic'} is dropped by others: ${chain} ${rule}`,
      ),
      ...found.incomplete.map((flow) => `${flow} could not be tried with every packet`),
    ],
  }
}

async function rejectionOf(
  filter: PacketFilterPort,
  wanted: FilterProgram,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await filter.check(wanted, signal)
    return undefined
  } catch (error) {
    if (!(error instanceof Failure) || error.detail.code !== 'FILTER_REJECTED') throw error
    return `${error.message} at ${error.detail.where}`
  }
}

function describeRefusal({ flow, packet, origin, chain, rule, isCertain }: GuardRefusal): string {
  const by = origin?.kind === 'document' ? `${origin.name} (${origin.file} ${origin.path})` : `${chain}: ${rule}`
  if (flow === undefined) return `a chain drops before it lets anybody in, by ${by}`
  const port = flow.port === undefined ? '' : ` port ${flow.port}`
  const from = packet === undefined ? '' : ` from ${packet.from}`
  return `${flow.name} (${flow.protocol}${port})${from} ${isCertain ? 'would' : 'may'} be dropped by ${by}`
}

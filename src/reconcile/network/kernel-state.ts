import { Failure } from '../../domain/failure.ts'
import type { SysctlArtefact } from '../../domain/host-route.ts'
import type { HostRoutes } from '../../domain/host-routes.ts'
import type { NetworkProgram, Plane } from '../../domain/network-program.ts'
import type { FilterProgram } from '../../domain/packet-filter.ts'
import { expandSysctls, sysctlsToRead } from '../../plan/routes/expand-sysctls.ts'
import type { NetworkInventory } from '../../ports/network-state-port.ts'
import type { FilterObservation } from '../../ports/packet-filter-port.ts'
import type { NetworkReadPorts } from './network-ports.ts'

/** What the kernel of this node holds, as far as a program or the inventory is about it. */
export interface KernelState {
  /** Absent where neither has to do with routes, or they could not be read. */
  readonly hostRoutes: HostRoutes | undefined
  /** By the parts of the path, joined with `/`. */
  readonly sysctls: ReadonlyMap<string, string | undefined>
  /** The program's settings, told for each interface that they are meant for. */
  readonly wantedSysctls: readonly SysctlArtefact[]
  /** By plane, against what is wanted of it. */
  readonly filters: ReadonlyMap<Plane, FilterObservation>
  /** What could not be read: nothing is known of it, least of all that it is missing. */
  readonly failures: readonly Failure[]
}

/** Reads what a decision about `program` is made from. Programs that nobody needs are not even started. */
export async function readKernel(
  program: NetworkProgram | undefined,
  inventory: NetworkInventory,
  ports: NetworkReadPorts,
  signal: AbortSignal,
): Promise<KernelState> {
  const failures: Failure[] = []
  const attempt = async <T>(reading: Promise<T>): Promise<T | undefined> => {
    try {
      return await reading
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      failures.push(error)
      return undefined
    }
  }
  const concerned = concernedPlanes(program, inventory)
  const [hostRoutes, ...read] = await Promise.all([
    concernsRoutes(program, inventory) ? attempt(ports.routes().then((routes) => routes.read(signal))) : undefined,
    ...concerned.map((plane) =>
      attempt(ports.filter(plane, program?.backend).observe(filterOf(program, plane), signal)),
    ),
  ])
  const filters = new Map(
    concerned.flatMap((plane, index) => (read[index] === undefined ? [] : [[plane, read[index]] as const])),
  )
  return { hostRoutes, filters, failures, ...(await readSysctls(program, inventory, hostRoutes, ports)) }
}

function concernsRoutes(program: NetworkProgram | undefined, inventory: NetworkInventory): boolean {
  const isRemembered = inventory.written.length > 0 || Object.keys(inventory.adoptedRoutes).length > 0
  if (program === undefined) return isRemembered
  const { routes, routingRules, sysctls, podRoutes } = program
  return isRemembered || routes.length + routingRules.length + sysctls.length > 0 || podRoutes !== undefined
}

function concernedPlanes(program: NetworkProgram | undefined, { planes }: NetworkInventory): readonly Plane[] {
  return [...new Set<Plane>([...(program?.filter === undefined ? [] : [program.plane]), ...planes])]
}

function filterOf(program: NetworkProgram | undefined, plane: Plane): FilterProgram | undefined {
  return program?.plane === plane ? program.filter : undefined
}

async function readSysctls(
  program: NetworkProgram | undefined,
  inventory: NetworkInventory,
  hostRoutes: HostRoutes | undefined,
  { sysctls }: NetworkReadPorts,
): Promise<Pick<KernelState, 'sysctls' | 'wantedSysctls'>> {
  const wanted = program?.sysctls ?? []
  const devices = (hostRoutes?.links ?? []).map(({ name }) => name)
  const remembered = Object.values(inventory.sysctls).map(({ path }) => path)
  const found = new Map<string, string | undefined>()
  for (const path of sysctlsToRead(wanted, remembered, devices)) found.set(path.join('/'), await sysctls.read(path))
  return { sysctls: found, wantedSysctls: expandSysctls(wanted, devices, found) }
}

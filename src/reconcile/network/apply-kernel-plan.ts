import { Failure } from '../../domain/failure.ts'
import type { RouteWrite } from '../../domain/host-routes.ts'
import { routeId } from '../../domain/route-identity.ts'
import type { NetworkInventory } from '../../ports/network-state-port.ts'
import { sortedKeys } from '../../text/sorted-keys.ts'
import type { KernelPlan } from './kernel-plan.ts'
import type { NetworkPorts } from './network-ports.ts'

/** Each part of a plan is carried out although another one failed. */
export interface AppliedKernelPlan {
  /** In their order; empty when all of it is in place. */
  readonly failures: readonly Failure[]
}

export interface PlannedFrom {
  readonly inventory: NetworkInventory
  /** Nothing of what differs was left out, or could not be read: what is not in the plan is as wanted. */
  readonly isWhole: boolean
  /** It may be taken back: the next boot is told nothing of it. */
  readonly isTrial: boolean
}

/**
 * Settings, routes and rules that are added, packet filter, and then what goes: whatever the process is killed between,
 * nothing has lost what it stood on. What we are about to own is written down before.
 */
export async function applyKernelPlan(
  plan: KernelPlan,
  { inventory, isWhole, isTrial }: PlannedFrom,
  ports: NetworkPorts,
  signal: AbortSignal,
): Promise<AppliedKernelPlan> {
  await refuseSuspended(ports)
  const intended = intendedInventory(plan, inventory)
  await writeIfChanged(inventory, intended, ports)

  const failures: Failure[] = []
  const refused: RouteWrite[] = []
  const attempt = async (work: () => Promise<void>): Promise<boolean> => {
    try {
      await work()
      return true
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      failures.push(error)
      return false
    }
  }
  const writeRoutes = async (writes: readonly RouteWrite[]): Promise<void> => {
    if (writes.length === 0) return
    for (const { write, message } of await (await ports.routes()).write(writes, signal)) {
      refused.push(write)
      failures.push(routeRefused(write, message))
    }
  }

  for (const { artefact } of plan.sysctls.writes) {
    await attempt(() => ports.sysctls.write(artefact.path, artefact.value))
  }
  const isAdded = await attempt(() => writeRoutes(plan.additions))
  for (const { plane } of plan.planes) {
    const isWanted = plan.program?.plane === plane && plan.program.filter !== undefined
    // What holds the node's rules now goes only after its successor stands.
    if (!isWanted && failures.length > 0 && plan.program?.filter !== undefined) continue
    await attempt(() =>
      ports.filter(plane, plan.program?.backend).replace(isWanted ? plan.program?.filter : undefined, signal),
    )
  }
  const missing = isAdded ? [...refused] : plan.additions
  await attempt(() => writeRoutes(plan.removals.filter((one) => !missing.some((other) => takesPlaceOf(other, one)))))
  for (const { path, value } of plan.sysctls.releases) await attempt(() => ports.sysctls.write(path, value))
  const persisted = persistedSettings(plan)
  if (!isTrial && !isSame(persisted, inventory.persisted)) {
    await attempt(() => ports.sysctls.persist(Object.keys(persisted).length === 0 ? undefined : persisted))
  }
  if (failures.length === 0 && isWhole)
    await writeIfChanged(intended, settledInventory(plan, intended, persisted), ports)
  return { failures }
}

/** @throws Failure SUSPENDED when somebody said so while the pass was under way */
export async function refuseSuspended({ isSuspended }: Pick<NetworkPorts, 'isSuspended'>): Promise<void> {
  if (isSuspended === undefined || !(await isSuspended())) return
  throw new Failure('Fairlead was suspended while this was being prepared; nothing was written', {
    code: 'SUSPENDED',
    where: 'this machine',
    fix: 'fairlead resume, when it may go on',
    retry: 'when-changed',
  })
}

function intendedInventory(plan: KernelPlan, before: NetworkInventory): NetworkInventory {
  const { program, routes, sysctls } = plan
  const wanted = [...(program?.routes ?? []), ...(program?.routingRules ?? [])].map(({ id }) => String(id))
  const conflicts = new Set(routes.conflicts.map(({ id }) => String(id)))
  return {
    ...before,
    written: [...new Set([...before.written, ...wanted.filter((id) => !conflicts.has(id))])].sort(),
    adoptedRoutes: Object.fromEntries(routes.adopted),
    sysctls: { ...before.sysctls, ...Object.fromEntries(sysctls.remembered) },
    planes: program?.filter === undefined ? before.planes : [...new Set([...before.planes, program.plane])].sort(),
  }
}

/** Everything was carried out: what is no longer wanted is gone. */
function settledInventory(
  plan: KernelPlan,
  intended: NetworkInventory,
  persisted: Readonly<Record<string, string>>,
): NetworkInventory {
  const { program, sysctls } = plan
  const wanted = new Set([...(program?.routes ?? []), ...(program?.routingRules ?? [])].map(({ id }) => String(id)))
  const released = new Set(sysctls.releases.map(({ id }) => String(id)))
  const returned = new Set(
    plan.removals.flatMap((write) => (write.kind === 'restore-route' ? [String(routeId(write.route))] : [])),
  )
  return {
    written: intended.written.filter((id) => wanted.has(id)),
    adoptedRoutes: Object.fromEntries(Object.entries(intended.adoptedRoutes).filter(([id]) => !returned.has(id))),
    sysctls: Object.fromEntries(
      Object.entries(intended.sysctls).filter(([id]) => plan.settings.has(id) && !released.has(id)),
    ),
    planes: program?.filter === undefined ? [] : [program.plane],
    persisted,
  }
}

function persistedSettings({ program }: KernelPlan): Readonly<Record<string, string>> {
  return Object.fromEntries((program?.sysctls ?? []).map(({ key, value }) => [key, value]))
}

/** What was to stand before another thing goes: a way to the same network, or another rule of the family. */
function takesPlaceOf(added: RouteWrite, removed: RouteWrite): boolean {
  if ('rule' in added || 'rule' in removed) {
    return 'rule' in added && 'rule' in removed && added.rule.family === removed.rule.family
  }
  const [one, other] = [added.route, removed.route]
  return one.family === other.family && one.table === other.table && one.to === other.to
}

function routeRefused(write: RouteWrite, message: string): Failure {
  const where =
    'rule' in write ? ('origin' in write.rule ? write.rule.origin : 'a routing rule') : originOf(write.route)
  return new Failure(`the kernel refused ${write.kind.replace('-', ' a ').replace('add a', 'to add a')}: ${message}`, {
    code: 'ROUTE_REJECTED',
    where,
    fix: 'look at the gateway and the interface of the route; everything else was carried out',
    retry: 'soon',
  })
}

function originOf(route: { readonly origin?: string; readonly to: string }): string {
  return route.origin ?? `the route to ${route.to}`
}

async function writeIfChanged(
  before: NetworkInventory,
  after: NetworkInventory,
  { network }: NetworkPorts,
): Promise<void> {
  if (!isSame(before, after)) await network.writeInventory(after)
}

/** A disk does not keep the order of keys. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(sortedKeys(a)) === JSON.stringify(sortedKeys(b))
}

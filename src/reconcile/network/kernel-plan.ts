import type { ArtefactId } from '../../domain/artefact.ts'
import type { Cause, Impact } from '../../domain/change.ts'
import type { RouteWrite } from '../../domain/host-routes.ts'
import type { NetworkChange, NetworkPlan } from '../../domain/network-change.ts'
import type { NetworkProgram, Plane } from '../../domain/network-program.ts'
import { routeId } from '../../domain/route-identity.ts'
import { planRoutes, type RoutePlan } from '../../plan/routes/plan-routes.ts'
import { planSysctls, type SysctlPlan } from '../../plan/routes/plan-sysctls.ts'
import { routeText, routingRuleText } from '../../plan/routes/route-text.ts'
import type { NetworkInventory } from '../../ports/network-state-port.ts'
import type { FilterDrift } from '../../ports/packet-filter-port.ts'
import type { KernelState } from './kernel-state.ts'

/** What takes a kernel from what it holds to a program. */
export interface KernelPlan {
  readonly program: NetworkProgram | undefined
  /** Planes whose rules are not as wanted, the wanted plane first: what is taken from one stands on the other before. */
  readonly planes: readonly { readonly plane: Plane; readonly drifts: readonly FilterDrift[] }[]
  /** Routes and rules that are added or replaced. */
  readonly additions: readonly RouteWrite[]
  /** Those that go, or are given back. */
  readonly removals: readonly RouteWrite[]
  readonly routes: RoutePlan
  readonly sysctls: SysctlPlan
  /** Ids of the settings that are wanted, of each interface. */
  readonly settings: ReadonlySet<string>
}

const noRoutes = { routes: [], rules: [], links: [] } as const

export function planKernel(
  program: NetworkProgram | undefined,
  state: KernelState,
  inventory: NetworkInventory,
): KernelPlan {
  const adopted = new Map(Object.entries(inventory.adoptedRoutes).map(([id, route]) => [id as ArtefactId, route]))
  const wanted = { routes: program?.routes ?? [], routingRules: program?.routingRules ?? [] }
  const memory = { written: new Set(inventory.written), adopted }
  // What could not be read is not missing.
  const routes =
    state.hostRoutes === undefined
      ? { ...planRoutes({ routes: [], routingRules: [] }, noRoutes, { ...memory, adopted: new Map() }), adopted }
      : planRoutes(wanted, state.hostRoutes, memory)
  const isRemoval = (write: RouteWrite): boolean =>
    write.kind === 'remove-route' ||
    write.kind === 'remove-rule' ||
    (write.kind === 'restore-route' && adopted.has(routeId(write.route)))
  return {
    program,
    planes: planesToWrite(program, state),
    additions: routes.writes.filter((write) => !isRemoval(write)),
    removals: routes.writes.filter(isRemoval),
    routes,
    settings: new Set(state.wantedSysctls.map(({ id }) => String(id))),
    sysctls: planSysctls(
      state.wantedSysctls,
      state.sysctls,
      new Map(Object.entries(inventory.sysctls).map(([id, one]) => [id as ArtefactId, one])),
    ),
  }
}

function planesToWrite(program: NetworkProgram | undefined, state: KernelState): KernelPlan['planes'] {
  const found = [...state.filters].flatMap(([plane, observation]) =>
    observation.kind === 'settled' ? [] : [{ plane, drifts: observation.drifts }],
  )
  return found.toSorted((a, b) => Number(b.plane === program?.plane) - Number(a.plane === program?.plane))
}

export function isSettled(plan: KernelPlan): boolean {
  const { planes, additions, removals, sysctls } = plan
  return planes.length + additions.length + removals.length + sysctls.writes.length + sysctls.releases.length === 0
}

/** The plan for people, and for the record of what was done. */
export function describeKernelPlan(plan: KernelPlan, cause: Cause): NetworkPlan {
  const origins = new Map(plan.program?.routes.map(({ id, origin }) => [String(id), origin]) ?? [])
  return {
    changes: [
      ...plan.sysctls.writes.map(({ artefact, found }) =>
        change(cause, {
          kind: 'sysctl',
          effect: 'change',
          id: artefact.id,
          what: `${artefact.key} = ${artefact.value} (was ${found})`,
          origin: artefact.origin,
        }),
      ),
      ...plan.additions.map((write) => change(cause, { effect: 'create', ...describeWrite(write, origins) })),
      ...plan.planes.flatMap(({ plane, drifts }) => drifts.map((drift) => describeDrift(plane, drift, cause))),
      ...plan.removals.map((write) => change(cause, { effect: 'remove', ...describeWrite(write, origins) })),
      ...plan.sysctls.releases.map(({ id, path, value }) =>
        change(cause, {
          kind: 'sysctl',
          effect: 'change',
          id,
          what: `${path.join('.')} = ${value}, as it was before`,
          origin: 'no longer wanted',
        }),
      ),
    ],
    reported: [
      ...plan.routes.conflicts.map(({ id, what }) => ({ kind: 'foreign' as const, what: id, reason: what })),
      ...plan.routes.waiting.map(({ id, device, reason }) => ({
        what: id,
        reason: reason === 'down' ? `interface ${device} is down` : `there is no interface ${device}`,
      })),
      ...plan.sysctls.waiting.map(({ key, device }) => ({
        what: key,
        reason: device === undefined ? 'the kernel has no such setting' : `there is no interface ${device}`,
      })),
    ],
    refusals: [],
  }
}

type Told = Pick<NetworkChange, 'kind' | 'effect' | 'id' | 'what' | 'origin'>

function change(cause: Cause, told: Told): NetworkChange {
  return { ...told, cause, impact: impacts[told.kind] }
}

const impacts: Readonly<Record<NetworkChange['kind'], Impact>> = {
  filter: { kind: 'NewConnections', reason: 'packets are judged by other rules' },
  route: { kind: 'NewConnections', reason: 'packets go another way' },
  'routing-rule': { kind: 'NewConnections', reason: 'packets are looked up in another routing table' },
  sysctl: { kind: 'NewConnections', reason: 'the kernel works with another setting' },
  'pod-route': { kind: 'NewConnections', reason: 'packets to pods of another node go another way' },
  cleanup: { kind: 'None', reason: 'only what nobody keeps any more is removed' },
}

function describeWrite(
  write: RouteWrite,
  origins: ReadonlyMap<string, string>,
): Pick<Told, 'kind' | 'id' | 'what' | 'origin'> {
  switch (write.kind) {
    case 'add-route':
    case 'replace-route':
      return { kind: 'route', id: write.route.id, what: routeText(write.route), origin: write.route.origin }
    case 'restore-route':
    case 'remove-route': {
      const { route } = write
      const id = routeId(route)
      const type = route.type === 'unicast' ? 'unicast' : 'blackhole'
      return { kind: 'route', id, what: routeText({ ...route, type }), origin: origins.get(id) ?? 'no longer wanted' }
    }
    case 'add-rule':
      return { kind: 'routing-rule', id: write.rule.id, what: routingRuleText(write.rule), origin: write.rule.origin }
    case 'remove-rule': {
      const { rule } = write
      const action = rule.action.kind === 'other' ? ({ kind: 'prohibit' } as const) : rule.action
      const what = routingRuleText({ ...rule, action })
      return { kind: 'routing-rule', id: `routing-rule:${what}`, what, origin: 'no longer wanted' }
    }
    default:
      return write satisfies never
  }
}

function describeDrift(plane: Plane, drift: FilterDrift, cause: Cause): NetworkChange {
  const { kind, family, table, name } = drift
  const effect =
    kind === 'missing-chain' || kind === 'missing-jump' ? 'create' : kind.startsWith('extra') ? 'remove' : 'change'
  return change(cause, {
    kind: 'filter',
    effect,
    id: `filter:${family}/${table}/${name}`,
    what: `${family === 'v4' ? 'IPv4' : 'IPv6'} ${table} ${name} (${plane}, ${kind})`,
    origin: 'spec.firewall',
  })
}

import type { HostRoutes } from '../../domain/host-routes.ts'
import type { Failsafe, FailsafeFlow, Plane } from '../../domain/network-program.ts'
import type { FilterProgram, RuleOrigin } from '../../domain/packet-filter.ts'
import type { SavedTables } from '../../domain/saved-tables.ts'
import type { Ruleset } from './compiled-rule.ts'
import { coverBox } from './cover-box.ts'
import { type FlowShape, packetOf, replyShapes, shapesOf } from './flow-packets.ts'
import type { GuardRefusal, GuardResult, GuardWarning } from './guard-findings.ts'
import { interfaceClasses } from './interface-classes.ts'
import { lifelines, replies } from './lifelines.ts'
import { type NodeRouting, prepareRouting } from './node-routing.ts'
import { isWithoutAddress, ownAddresses } from './own-addresses.ts'
import type { Packet } from './packet.ts'
import { intersection, locate, networkRange, type Range } from './ranges.ts'
import { compileRuleset } from './ruleset.ts'
import { type Simulation, simulatePacket } from './simulate-packet.ts'
import { unguardedDenials } from './unguarded-denials.ts'
import type { Cause } from './walk.ts'

export interface GuardInput {
  readonly program: FilterProgram | undefined
  readonly failsafe: Failsafe
  readonly plane: Plane
  /** As found on the node; what is ours in there is passed over. */
  readonly tables: SavedTables
  readonly hostRoutes: HostRoutes
}

/** What the program, together with everything else on the node, would take from those who must be able to reach it. */
export function guardProgram(input: GuardInput): GuardResult {
  const { program, failsafe, hostRoutes } = input
  if (program === undefined) return { refusals: [], warnings: [], incomplete: [] }
  const routing = prepareRouting(hostRoutes)
  const guard: Guard = { input, routing, worlds: { 4: worldsOf(input, routing, 4), 6: worldsOf(input, routing, 6) } }
  const found = new Findings()
  for (const flow of uniqueFlows([...failsafe.flows, ...lifelines])) {
    for (const shape of shapesOf(flow, routing.local[flow.family])) examine(guard, shape, found)
  }
  for (const flow of replies) {
    for (const shape of replyShapes(flow, routing.local[flow.family])) examine(guard, shape, found)
  }
  return {
    refusals: [...unguardedDenials(program), ...found.refusals.values()],
    warnings: [...found.warnings.values()],
    incomplete: [...found.incomplete].sort(),
  }
}

/** The program's own name for a flow counts before ours. */
function uniqueFlows(flows: readonly FailsafeFlow[]): readonly FailsafeFlow[] {
  const unique = new Map<string, FailsafeFlow>()
  for (const flow of flows) {
    const key = JSON.stringify({ ...flow, name: '' })
    if (!unique.has(key)) unique.set(key, flow)
  }
  return [...unique.values()]
}

interface Guard {
  readonly input: GuardInput
  readonly routing: NodeRouting
  readonly worlds: Readonly<Record<4 | 6, { readonly before: Ruleset; readonly after: Ruleset }>>
}

/** One finding for each flow and rule is enough. */
class Findings {
  readonly refusals = new Map<string, GuardRefusal>()
  readonly warnings = new Map<string, GuardWarning>()
  readonly incomplete = new Set<string>()
  /** How many rules were asked so far. */
  asked = 0
}

function worldsOf({ program, tables, plane }: GuardInput, routing: NodeRouting, family: 4 | 6) {
  return {
    before: compileRuleset({ program: undefined, tables, plane, routing }, family),
    after: compileRuleset({ program, tables, plane, routing }, family),
  }
}

/** More different packets than any sensible program tells apart. */
const mostTriesPerShape = 2_000
/** About a second of work; what is left out then is said. */
const mostAsked = 15_000_000
/** Nobody reads more of them. */
const mostRefusals = 50

function examine(guard: Guard, shape: FlowShape, found: Findings): void {
  const { flow } = shape
  const interfaces = flow.direction === 'input' ? interfaceClasses(guard.input) : [undefined]
  const addresses = ownAddresses(guard.input.hostRoutes, flow)
  // A node that does not speak a family has nothing to lose in it; one without any address cannot be judged.
  if (interfaces.length === 0 || isWithoutAddress(guard.input.hostRoutes)) found.incomplete.add(flow.name)
  for (const inInterface of interfaces) {
    let same: Range | undefined
    for (const own of addresses) {
      // Another address of the node that no rule tells from the last one fares no better and no worse.
      if (same !== undefined && locate([same], addressNumber(own)).isInside) continue
      same = examineOne(guard, shape, { own, inInterface }, found)
    }
  }
}

/** @returns addresses of the node that would have given the same answers */
function examineOne(
  guard: Guard,
  shape: FlowShape,
  place: { readonly own: string; readonly inInterface: string | undefined },
  found: Findings,
): Range {
  const { flow } = shape
  const end = flow.direction === 'input' ? 'to' : 'from'
  let same: Range = everyAddress
  const isWhole = coverBox(
    shape.box,
    (values) => {
      const packet = packetOf(shape, values, place)
      const after = simulatePacket(guard.worlds[flow.family].after, guard.routing, packet)
      found.asked += after.asked
      judge({ guard, flow, packet, after }, found)
      same = intersection(same, after.packet.around[end])
      return { around: after.packet.around, isEnough: found.refusals.size >= mostRefusals }
    },
    found.asked > mostAsked ? 0 : mostTriesPerShape,
  )
  if (!isWhole) found.incomplete.add(flow.name)
  return same
}

const everyAddress: Range = { first: 0n, last: (1n << 128n) - 1n }

function addressNumber(text: string): bigint {
  return networkRange(text)?.first ?? 0n
}

interface Case {
  readonly guard: Guard
  readonly flow: FailsafeFlow
  readonly packet: Packet
  readonly after: Simulation
}

function judge(one: Case, found: Findings): void {
  const { after, flow, packet } = one
  // What a rule of ours keeps untracked never belongs to a connection: the same flow is tried as new.
  if (packet.state === 'ESTABLISHED' && after.packet.state === 'UNTRACKED') return
  const stopped = stoppersOf(after)
  const [ours] = stopped.filter((cause) => cause.rule?.own !== undefined)
  if (ours !== undefined) {
    note(found.refusals, { code: 'FAILSAFE_DROPPED', ...told(ours, flow, packet), ...originOf(ours) })
    return
  }
  const [theirs] = stopped
  if (theirs === undefined || !theirs.isCertain) return
  const before = stoppersOf(simulatePacket(one.guard.worlds[flow.family].before, one.guard.routing, packet))
  if (before.length === 0) note(found.refusals, { code: 'FAILSAFE_FLIPPED', ...told(theirs, flow, packet) })
  else if (theirs.hook !== 'routing') note(found.warnings, told(theirs, flow, packet))
}

/** What drops or rejects the packet, or may. */
function stoppersOf({ verdict }: Simulation): readonly Cause[] {
  if (verdict.kind === 'accepted') return []
  const causes = verdict.kind === 'uncertain' ? verdict.possible : [verdict.by]
  return causes.filter(({ outcome }) => outcome === 'dropped' || outcome === 'rejected')
}

function told(cause: Cause, flow: FailsafeFlow, packet: Packet): GuardWarning {
  return {
    flow,
    packet,
    chain: cause.table === undefined ? 'routing' : `${cause.table} ${cause.chain ?? ''}`,
    rule: cause.rule?.text() ?? cause.effect,
    isCertain: cause.isCertain,
  }
}

function originOf({ rule }: Cause): { readonly origin?: RuleOrigin } {
  return rule?.own === undefined ? {} : { origin: rule.own.origin }
}

function note<T extends GuardWarning>(list: Map<string, T>, one: T): void {
  const key = [one.flow?.name, one.flow?.direction, one.flow?.family, one.chain, one.rule].join(' ')
  if (!list.has(key)) list.set(key, one)
}

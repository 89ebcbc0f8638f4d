import { formatAddress } from '../../domain/cidr.ts'
import type { Hook } from '../../domain/packet-filter.ts'
import type { Ruleset } from './compiled-rule.ts'
import { decideRoute, type FoundRoute, type NodeRouting } from './node-routing.ts'
import { type Packet, startTravelling, type Travelling } from './packet.ts'
import { type Cause, type Journey, type Step, walkBase } from './walk.ts'

export interface Simulation {
  readonly verdict: Verdict
  readonly steps: readonly Step[]
  /** What the answer leaves open, sentences. */
  readonly notes: readonly string[]
  /** As it was at the end. */
  readonly packet: Travelling
  /** How many rules were asked. */
  readonly asked: number
}

export type Verdict =
  /** Where it went: to a program here, to another machine, or out of a program here. */
  | { readonly kind: 'accepted'; readonly way: 'delivered' | 'forwarded' | 'sent' }
  | { readonly kind: 'dropped' | 'rejected'; readonly by: Cause }
  /** It depends on what cannot be known here. */
  | { readonly kind: 'uncertain'; readonly possible: readonly Cause[] }

/** One packet through one node, hook by hook, as far as values can tell. */
export function simulatePacket(ruleset: Ruleset, routing: NodeRouting, packet: Packet): Simulation {
  const journey: Journey = {
    ruleset,
    packet: startTravelling(packet),
    steps: [],
    possible: [],
    notes: new Set(),
    asked: 0,
    addressOf: (name) => (name === undefined ? undefined : routing.addressOf(name, packet.family)),
  }
  const end = packet.inInterface === undefined ? sendOut(journey, routing) : takeIn(journey, routing)
  const { steps, notes, packet: changed, asked } = journey
  return { verdict: verdictOf(journey, end), steps, notes: [...notes], packet: changed, asked }
}

type Ending = Cause | 'delivered' | 'forwarded' | 'sent'

function takeIn(journey: Journey, routing: NodeRouting): Ending {
  const dropped = passHook(journey, 'PREROUTING')
  if (dropped !== undefined) return dropped
  const decision = decideRoute(routing, journey.packet)
  if (decision.kind === 'local') {
    routed(journey, 'to this node')
    return passHook(journey, 'INPUT') ?? 'delivered'
  }
  if (decision.kind === 'unroutable') return unroutable(journey, decision.reason)
  journey.packet.outInterface = decision.device
  routed(journey, `forwarded by ${decision.device ?? 'an unknown device'}, route ${routeText(decision.found)}`)
  return passHook(journey, 'FORWARD') ?? passHook(journey, 'POSTROUTING') ?? 'forwarded'
}

function sendOut(journey: Journey, routing: NodeRouting): Ending {
  const { packet } = journey
  const before = decideRoute(routing, packet)
  if (before.kind === 'unroutable') return unroutable(journey, before.reason)
  packet.outInterface = before.kind === 'local' ? 'lo' : before.device
  const dropped = passHook(journey, 'OUTPUT')
  if (dropped !== undefined) return dropped
  // A new mark or destination sends it another way.
  const decision = decideRoute(routing, packet)
  if (decision.kind === 'unroutable') return unroutable(journey, decision.reason)
  packet.outInterface = decision.kind === 'local' ? 'lo' : decision.device
  routed(journey, `leaves by ${packet.outInterface ?? 'an unknown device'}`)
  const stopped = passHook(journey, 'POSTROUTING')
  if (stopped !== undefined || decision.kind !== 'local') return stopped ?? 'sent'
  packet.inInterface = 'lo'
  packet.outInterface = undefined
  return passHook(journey, 'PREROUTING', { withoutNat: true }) ?? passHook(journey, 'INPUT') ?? 'delivered'
}

function routeText(found: FoundRoute): string {
  return found.route === undefined ? 'unknown' : `${found.route.to} in table ${found.route.table}`
}

function routed({ steps }: Journey, effect: string): void {
  steps.push({ hook: 'routing', table: undefined, chain: undefined, rule: undefined, effect, isCertain: true })
}

function unroutable(journey: Journey, reason: string): Cause {
  routed(journey, reason)
  return {
    hook: 'routing',
    table: undefined,
    chain: undefined,
    rule: undefined,
    effect: reason,
    isCertain: true,
    outcome: 'dropped',
  }
}

function passHook(journey: Journey, hook: Hook, { withoutNat = false } = {}): Cause | undefined {
  let isTranslated = withoutNat
  for (const base of journey.ruleset.bases.get(hook) ?? []) {
    if (base.table === 'nat') {
      if (isTranslated || !hasNat(journey.packet)) continue
      const cause = asNewConnection(journey, () => walkBase(journey, hook, base))
      isTranslated = cause !== undefined && !(base.chain.isOwnBase && cause.rule?.effect.kind === 'accept')
    } else {
      const cause = walkBase(journey, hook, base)
      if (cause !== undefined && cause.outcome !== 'accepted') return cause
    }
  }
  return undefined
}

function hasNat({ state }: Travelling): boolean {
  return state !== 'INVALID' && state !== 'UNTRACKED'
}

/** Only the first packet of a connection asks the nat table; the others go where it went. */
function asNewConnection(journey: Journey, walk: () => Cause | undefined): Cause | undefined {
  const { packet } = journey
  const { state } = packet
  packet.state = 'NEW'
  const cause = walk()
  packet.state = state
  if (state !== 'NEW') journey.notes.add('the connection is taken to be translated as a new one would be now')
  return cause
}

function verdictOf({ possible }: Journey, end: Ending): Verdict {
  if (typeof end !== 'string') {
    return end.outcome === 'rejected' ? { kind: 'rejected', by: end } : { kind: 'dropped', by: end }
  }
  if (possible.length > 0) return { kind: 'uncertain', possible }
  return { kind: 'accepted', way: end }
}

/** The address that a value stands for. */
export function addressText(packet: Travelling, dimension: 'from' | 'to'): string {
  return formatAddress({ family: packet.family, value: packet.values[dimension] ?? 0n })
}

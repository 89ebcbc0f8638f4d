import type { AddressFamily } from '../../domain/cidr.ts'
import { dscpClasses } from '../../domain/dscp-classes.ts'
import type { FamilyFilter, FilterChain, FilterProgram, PacketAction, PacketMatch } from '../../domain/packet-filter.ts'
import type { NodeNetwork } from '../../schema/documents.ts'
import { AddressSets } from './address-matches.ts'
import { failsafeRules } from './failsafe-rules.ts'
import { type ChainKey, type DraftRule, type ExtraRule, filterChains } from './filter-chains.ts'
import type { FirewallContext } from './firewall-context.ts'
import { type MatchFields, packetMatches } from './packet-matches.ts'
import { inboundTraffic, passingTraffic } from './protected-traffic.ts'
import { acceptingChain, denyingChain, earlyChain, logPrefixOf, type VerdictRule } from './verdict-chains.ts'
import { type FirewallSource, type Written, type WrittenFirewall, writtenFirewall } from './written-rules.ts'

/**
 * The packet filter that the documents of one node ask for.
 * @param sources the NodeNetworks of this node, in the order in which their lists follow each other
 * @param extra rules that something else than `spec.firewall` asks for; they come after those of their chain
 * @returns undefined where nothing asks for any rule: then nothing of ours is in the packet path
 */
export function renderFilter(
  sources: readonly FirewallSource[],
  context: FirewallContext,
  extra: readonly ExtraRule[] = [],
): FilterProgram | undefined {
  const written = writtenFirewall(sources)
  if (extra.length === 0 && Object.values(written).every((list) => list.length === 0)) return undefined
  return { v4: familyFilter(4, written, context, extra), v6: familyFilter(6, written, context, extra) }
}

const keepReachable: PacketAction = { kind: 'return' }

function familyFilter(
  family: AddressFamily,
  written: WrittenFirewall,
  context: FirewallContext,
  extra: readonly ExtraRule[],
): FamilyFilter {
  const sets = new AddressSets(family)
  const inbound = inboundTraffic(context)
  const passing = passingTraffic(context)
  const accept: PacketAction = { kind: 'accept' }
  const input = verdictRules(written.input, sets)
  const forward = verdictRules(written.forward, sets)
  const services = verdictRules(written.services, sets, { destinationIsLocal: true })
  const inboundReturns = failsafeRules('inbound', inbound, keepReachable, sets)
  const passingReturns = failsafeRules('passing', passing, keepReachable, sets)
  const extras = (chain: ExtraRule['chain']): readonly DraftRule[] =>
    extra
      .filter((one) => one.family === family && one.chain === chain)
      .map(({ match, action, origin }) => ({ match, action, origin }))
  const drafts: Readonly<Record<ChainKey, readonly DraftRule[]>> = {
    anchor: [anchor],
    notrackIncoming: written.notrack.flatMap((one) => ruled(one, sets, { kind: 'notrack' })),
    notrackOutgoing: written.notrack.filter(leavesHere).flatMap((one) => ruled(one, sets, { kind: 'notrack' })),
    marks: [
      ...written.marks.flatMap((one) => ruled(one, sets, { kind: 'mark', value: one.rule.value, mask: one.rule.mask })),
      ...extras('marks'),
    ],
    services: earlyChain(services, inboundReturns),
    inputDenies: denyingChain(input, inboundReturns),
    input: acceptingChain(input, failsafeRules('inbound', inbound, accept, sets)),
    forwardDenies: denyingChain(forward, passingReturns),
    forward: acceptingChain(forward, failsafeRules('passing', passing, accept, sets)),
    clampForward: written.clampMSS.flatMap((one) => clamp(one, sets)),
    clampOutput: written.clampMSS.filter(leavesHere).flatMap((one) => clamp(one, sets)),
    dscp: written.dscp.flatMap((one) => ruled(one, sets, { kind: 'dscp', value: codePoint(one.rule) })),
    postrouting: [...written.exemptions.flatMap((one) => keepSource(one, sets)), ...extras('postrouting')],
  }
  const chains = filterChains(drafts)
  const named = setsNamedBy(chains)
  return { sets: sets.all().filter(({ name }) => named.has(name)), chains }
}

/** Rules that decide nothing in their chain are left out, and so is what only they name. */
function setsNamedBy(chains: readonly FilterChain[]): ReadonlySet<string> {
  const matches = chains.flatMap(({ rules }) => rules.flatMap(({ match }) => [match.source, match.destination]))
  return new Set(matches.flatMap((match) => (match?.kind === 'set' ? [match.set] : [])))
}

/** Connection tracking, and with it every translation, ends where no rule needs it any more (node-networking §1.12). */
const anchor: DraftRule = {
  match: { states: ['NEW'] },
  action: { kind: 'return' },
  origin: { kind: 'failsafe', name: 'conntrack-anchor' },
}

function verdictRules(
  rules: WrittenFirewall['input'],
  sets: AddressSets,
  also: PacketMatch = {},
): readonly VerdictRule[] {
  return rules.map(({ rule, key, origin }) => ({
    matches: packetMatches(rule, key, sets).map((match) => ({ ...match, ...also })),
    action: rule.action,
    origin,
    ...(rule.log === undefined
      ? {}
      : { log: { prefix: rule.log.prefix ?? logPrefixOf(rule.name), level: rule.log.level } }),
  }))
}

function ruled(
  { rule, key, origin }: Written<MatchFields>,
  sets: AddressSets,
  action: PacketAction,
  also: PacketMatch = {},
): readonly DraftRule[] {
  return packetMatches(rule, key, sets).map((match) => ({ match: { ...match, ...also }, action, origin }))
}

/** What the node itself sends came by no interface. */
function leavesHere({ rule }: Written<MatchFields>): boolean {
  return rule.inInterface === undefined && rule.notInInterface === undefined
}

type Clamp = NodeNetwork['spec']['firewall']['clampMSS'][number]

function clamp(written: Written<Clamp>, sets: AddressSets): readonly DraftRule[] {
  const fields: Written<MatchFields> = { ...written, rule: { ...written.rule, protocol: 'tcp' } }
  return ruled(fields, sets, { kind: 'clampMss', to: written.rule.mss }, { tcpSyn: true })
}

function codePoint(rule: NodeNetwork['spec']['firewall']['dscp'][number]): number {
  return rule.class === undefined ? (rule.value ?? 0) : dscpClasses[rule.class]
}

/** Packets that kube-proxy marked came through a Service: their answer must find the way back through this node. */
const kubeProxyMark = 0x4000

function keepSource(written: Written<MatchFields>, sets: AddressSets): readonly DraftRule[] {
  const mark = { value: kubeProxyMark, mask: kubeProxyMark, negated: true }
  return ruled(written, sets, { kind: 'keepSource' }, { mark })
}

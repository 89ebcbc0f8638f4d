import * as z from 'zod'
import { formatCidr, parseCidr } from '../../domain/cidr.ts'
import { chainPrefix } from '../../domain/packet-filter.ts'

/** At most so much of each: what a kernel takes in a second or two (node-networking §5.2). */
const limits = { rules: 10_000, chains: 200, members: 100_000 } as const

const canonicalNetwork = z.string().refine(isCanonicalNetwork, 'is no network in canonical form')
const interfaceName = z.string().regex(/^[A-Za-z0-9_.:-]{1,15}$/, 'is no name of an interface')
/** Words that scripts of others look for in whole lines, to delete them. */
const ownName = z
  .string()
  .regex(/^FAIRLEAD-[A-Z0-9-]{1,19}$/, `is no name of ours: ${chainPrefix}… of at most 28 characters`)
  .refine((name) => !/kube-|cni-|flannel|cilium|cali/i.test(name), 'holds a word by which others delete rules')
const setName = z.string().regex(/^FAIRLEAD[46]-[A-Z0-9-]{1,20}$/, 'is no name of a set of ours')
const markBits = z.int().min(0).max(0xffff_ffff)
const port = z.int().min(0).max(65_535)

const portMatch = z
  .strictObject({
    ranges: z
      .array(z.strictObject({ first: port, last: port }).refine(({ first, last }) => first <= last, 'is no range'))
      .min(1),
    negated: z.boolean(),
  })
  .refine(
    ({ ranges }) => ranges.reduce((places, { first, last }) => places + (first === last ? 1 : 2), 0) <= 15,
    'takes more than 15 places',
  )

const addressMatch = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('network'), cidr: canonicalNetwork, negated: z.boolean() }),
  z.strictObject({ kind: z.literal('set'), set: setName, negated: z.boolean() }),
])

const interfaceMatch = z.strictObject({ name: interfaceName, isPrefix: z.boolean(), negated: z.boolean() })

const packetMatch = z.strictObject({
  source: addressMatch.optional(),
  destination: addressMatch.optional(),
  inInterface: interfaceMatch.optional(),
  outInterface: interfaceMatch.optional(),
  protocol: z
    .union([z.enum(['tcp', 'udp', 'sctp', 'icmp', 'icmpv6', 'esp', 'ah', 'gre']), z.int().min(1).max(255)])
    .optional(),
  sourcePorts: portMatch.optional(),
  destinationPorts: portMatch.optional(),
  originalDestinationPorts: portMatch.optional(),
  icmp: z.strictObject({ type: z.int().min(0).max(255), code: z.int().min(0).max(255).optional() }).optional(),
  states: z
    .array(z.enum(['ESTABLISHED', 'INVALID', 'NEW', 'RELATED', 'UNTRACKED']))
    .min(1)
    .optional(),
  mark: z.strictObject({ value: markBits, mask: markBits, negated: z.boolean() }).optional(),
  destinationIsLocal: z.literal(true).optional(),
  tcpSyn: z.literal(true).optional(),
  limit: z
    .strictObject({
      packets: z.int().min(1).max(10_000),
      per: z.enum(['second', 'minute', 'hour', 'day']),
      burst: z.int().min(1).max(10_000),
      perSource: z.boolean(),
    })
    .optional(),
})

const packetAction = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['accept', 'drop', 'return', 'keepSource', 'masquerade', 'notrack']) }),
  z.strictObject({
    kind: z.literal('reject'),
    with: z.enum(['port-unreachable', 'admin-prohibited', 'tcp-reset']),
  }),
  z.strictObject({
    kind: z.literal('log'),
    prefix: z
      .string()
      .regex(/^[\x20-\x7e]{0,29}$/)
      .refine((text) => !/["'\\]/.test(text), 'holds a quote or a backslash'),
    level: z.enum(['debug', 'info', 'notice', 'warning', 'error']),
  }),
  z.strictObject({ kind: z.literal('clampMss'), to: z.union([z.literal('pmtu'), z.int().min(1).max(65_535)]) }),
  z.strictObject({ kind: z.literal('dscp'), value: z.int().min(0).max(63) }),
  z.strictObject({ kind: z.literal('mark'), value: markBits, mask: markBits }),
  z.strictObject({ kind: z.literal('jump'), chain: ownName }),
])

const text = z.string().regex(/^[^\p{Cc}]{0,1024}$/u, 'holds control characters, or is too long')

const ruleOrigin = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('failsafe'), name: text }),
  z.strictObject({ kind: z.literal('document'), file: text, path: text, name: text }),
])

const filterRule = z.strictObject({
  id: z.string().regex(/^[a-z2-7]{12,32}$/, 'is no id of a rule'),
  match: packetMatch,
  action: packetAction,
  origin: ruleOrigin,
})

const foreignTarget = z.string().regex(/^[A-Za-z0-9_-]{1,28}$/, 'is no name of a chain')

const filterChain = z.strictObject({
  name: ownName,
  table: z.enum(['raw', 'mangle', 'nat', 'filter']),
  entry: z
    .strictObject({
      hook: z.enum(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']),
      before: z.array(foreignTarget),
      after: z.array(foreignTarget),
    })
    .optional(),
  rules: z.array(filterRule),
})

const familyFilter = z
  .strictObject({
    sets: z.array(
      z.strictObject({
        name: setName,
        family: z.union([z.literal(4), z.literal(6)]),
        members: z.array(canonicalNetwork).max(limits.members),
      }),
    ),
    chains: z.array(filterChain).max(limits.chains),
  })
  .refine(({ chains }) => chains.reduce((sum, { rules }) => sum + rules.length, 0) <= 2 * limits.rules, 'is too long')
  .refine(({ chains }) => areApart(chains.map(({ table, name }) => `${table} ${name}`)), 'has a chain twice')
  .refine(({ sets }) => areApart(sets.map(({ name }) => name)), 'has a set twice')

/** The packet filter of a NodeProgram, as it comes from a file or from the API. */
export const filterProgramForm = z.strictObject({ v4: familyFilter, v6: familyFilter })

function areApart(names: readonly string[]): boolean {
  return new Set(names).size === names.length
}

function isCanonicalNetwork(written: string): boolean {
  const cidr = parseCidr(written)
  return cidr !== undefined && formatCidr(cidr) === written
}

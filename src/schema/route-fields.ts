import * as z from 'zod'
import { parseCidr } from '../domain/cidr.ts'
import { atLeastOne, oneOfEachFamily, onlyOne } from './rules.ts'
import { address, cidr, dnsLabel, networkInterface } from './value-forms.ts'

const tableNumber = z.int().min(1).max(4_294_967_295)
const mark = z.int().min(0).max(4_294_967_295)
const families = z.array(z.enum(['IPv4', 'IPv6'])).min(1)

/** `default` is what `ip route` calls it; the family is then that of the next hop. */
const destination = z
  .string()
  .refine((text) => text === 'default' || parseCidr(text)?.hasHostBits === false, { params: { form: 'cidr' } })

const nextHop = z
  .strictObject({
    via: address.optional().describe('Gateway.'),
    dev: networkInterface.optional().describe('Interface.'),
    onlink: z.boolean().default(false).describe('The gateway is behind dev, although no address of dev covers it.'),
    weight: z.int().min(1).max(256).default(1).describe('Share of the traffic that this one gets.'),
  })
  .check(atLeastOne('via', 'dev'))

export const route = z
  .strictObject({
    to: destination.describe('Destination range; default (0.0.0.0/0 or ::/0) for everything else.'),
    type: z
      .enum(['Unicast', 'Blackhole', 'Unreachable', 'Prohibit'])
      .optional()
      .describe(
        'Unicast, when not written, passes packets on. The others stop them: silently, or with an answer to the sender.',
      ),
    via: address.optional().describe('Next hop.'),
    dev: networkInterface.optional().describe('Interface.'),
    onlink: z.boolean().default(false).describe('The next hop is behind dev, although no address of dev covers it.'),
    nextHops: z
      .array(nextHop)
      .min(1)
      .max(16)
      .optional()
      .describe('Several next hops that share the traffic, instead of via and dev.'),
    metric: z.int().min(0).max(4_294_967_295).optional().describe('Lower is preferred.'),
    table: tableNumber.optional().describe('Routing table; the main one (254) when not written.'),
    mtu: z.int().min(68).max(65_535).optional().describe('Largest packet for this destination, in bytes.'),
    source: address.optional().describe('Address of this node that its own packets take for this destination.'),
    onConflict: z
      .enum(['Refuse', 'Adopt'])
      .default('Refuse')
      .describe(
        'When somebody else has a route with the same destination, metric and table: leave it and report, or take its place and put it back when this entry goes.',
      ),
  })
  .check(atLeastOne('via', 'dev', 'nextHops', 'type'))
  .check(onlyOne('via', 'nextHops'))
  .check(onlyOne('dev', 'nextHops'))

const fwmark = z.strictObject({
  value: mark.describe('Mark of the packet, after the mask.'),
  mask: mark.min(1).default(4_294_967_295).describe('Bits of the mark that are looked at.'),
})

export const routingRule = z
  .strictObject({
    from: cidr.optional().describe('Source range.'),
    to: cidr.optional().describe('Destination range.'),
    fwmark: fwmark.optional().describe('Mark that the packet filter gave the packet.'),
    inInterface: networkInterface.optional().describe('Interface that the packet came in by.'),
    outInterface: networkInterface.optional().describe('Interface that the sender on this node is bound to.'),
    families: families
      .optional()
      .describe('Families that the rule is for, where no range says it; both when not written.'),
    priority: z
      .int()
      .min(1)
      .max(32_765)
      .optional()
      .describe(
        'Order among the routing rules; lower comes first. The next one from 5300 on, in the order of the documents, when not written.',
      ),
    action: z
      .enum(['Lookup', 'Blackhole', 'Unreachable', 'Prohibit'])
      .optional()
      .describe('Look into table, which is meant when not written, or stop the packet: silently, or with an answer.'),
    table: tableNumber.optional().describe('Routing table that is looked up.'),
    suppressPrefixLength: z
      .int()
      .min(0)
      .max(128)
      .optional()
      .describe(
        'Routes of the table with prefixes of this length or shorter do not count: 0 leaves out its default route.',
      ),
  })
  .check(atLeastOne('from', 'to', 'fwmark', 'inInterface', 'outInterface', 'suppressPrefixLength'))
  .check(atLeastOne('table', 'action'))

export const egress = z.strictObject({
  name: dnsLabel.describe('Name of the way out.'),
  from: z.array(cidr).min(1).optional().describe('Pods that take it, by their addresses; all pods when not written.'),
  via: z
    .array(address)
    .min(1)
    .max(2)
    .check(oneOfEachFamily)
    .optional()
    .describe('Gateways, at most one per family; none for a link that has no gateway.'),
  dev: networkInterface.describe('Interface that the traffic leaves by; it gets an address of that interface.'),
  families: families.optional().describe('Families that take it; those of the addresses in from when not written.'),
  except: z
    .array(cidr)
    .default([])
    .describe(
      'Destinations that keep to the main table, besides pods, Services and the nodes: the networks around them.',
    ),
  table: z
    .int()
    .min(7100)
    .max(7199)
    .optional()
    .describe('Routing table; the next free one from 7100 on when not written.'),
  fallback: z
    .enum(['None', 'Main'])
    .default('None')
    .describe('When the interface is down: no way out at all, or the one of the main table.'),
})

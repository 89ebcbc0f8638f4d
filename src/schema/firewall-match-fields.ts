import * as z from 'zod'
import { valueInsideMask } from './firewall-checks.ts'
import { dnsLabel, filterInterface, filterNetwork, icmpType, portOrRange, remark } from './value-forms.ts'

/** One rule names at most as many networks as one set may have. */
export const networks = z.array(filterNetwork).min(1).max(100_000)
const ports = z.array(portOrRange).min(1).max(1000)

export const ruleName = dnsLabel.describe('Name of the rule, for reports and errors; it does not reach the kernel.')

export const markNumber = z.int().min(0).max(0xffff_ffff)

const namedProtocols = ['tcp', 'udp', 'sctp', 'icmp', 'icmpv6', 'esp', 'ah', 'gre'] as const

const protocol = z
  .union([z.enum(namedProtocols), z.int().min(1).max(255)])
  .describe(`Protocol that the rule is for: ${namedProtocols.join(', ')} or a number. Every protocol when not written.`)

const destinationPorts = ports.describe(
  'Destination ports: numbers, or ranges like "30000-32767". Need protocol tcp, udp or sctp.',
)

/** What the destination and the source of a packet, its protocol and its ports may be. */
export const addressFields = {
  from: networks.optional().describe('Sources that the rule is for: addresses or ranges.'),
  notFrom: networks
    .optional()
    .describe('The rule is for every source but these, those of the other address family included.'),
  to: networks.optional().describe('Destinations that the rule is for.'),
  notTo: networks.optional().describe('The rule is for every destination but these.'),
  protocol: protocol.optional(),
  ports: destinationPorts.optional(),
  notPorts: ports.optional().describe('The rule is for every destination port but these.'),
  sourcePorts: ports.optional().describe('Ports that packets come from.'),
  families: z
    .array(z.enum(['IPv4', 'IPv6']))
    .min(1)
    .max(2)
    .optional()
    .describe(
      'Address families that the rule is for. From the addresses and the protocol when not written; both where they do not tell.',
    ),
  comment: remark.optional().describe('Why the rule is there, for people; it does not reach the kernel.'),
}

export const inInterfaceFields = {
  inInterface: filterInterface
    .optional()
    .describe('Interface by which packets come; a + at the end stands for every interface whose name begins so.'),
  notInInterface: filterInterface.optional().describe('Packets by every interface but this one.'),
}

export const outInterfaceFields = {
  outInterface: filterInterface
    .optional()
    .describe('Interface by which packets leave; a + at the end stands for every interface whose name begins so.'),
  notOutInterface: filterInterface.optional().describe('Packets that leave by every interface but this one.'),
}

export const packetFields = {
  icmpType: z
    .union([z.int().min(0).max(255), icmpType])
    .optional()
    .describe(
      'ICMP message, with protocol icmp or icmpv6: a name like echo-request, a number, or type and code like "3/4".',
    ),
  states: z
    .array(z.enum(['New', 'Established', 'Related', 'Invalid', 'Untracked']))
    .min(1)
    .max(5)
    .optional()
    .describe(
      'States of the connection that the packet belongs to. What is Established or Related to it is let through before any rule is asked.',
    ),
  mark: z
    .strictObject({
      value: markNumber.describe('Mark that the packet has, within the mask.'),
      mask: markNumber.default(0xffff_ffff).describe('Bits of the mark that count; all of them when not written.'),
    })
    .check(valueInsideMask)
    .optional()
    .describe('Mark that something on the node has set on the packet.'),
}

/** The destination ports of what is not tracked. */
export const notrackFields = {
  ...addressFields,
  protocol: protocol.describe('Protocol that is not tracked: tcp, udp, sctp, esp, ah, gre or a number.'),
}

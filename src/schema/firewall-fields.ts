import * as z from 'zod'
import { dscpClassNames } from '../domain/dscp-classes.ts'
import {
  burstFitsRate,
  everybodyNotDenied,
  familiesMeet,
  icmpTypeNeedsProtocol,
  limitedPortsFit,
  nobodyMeant,
  noOutInterface,
  noReject,
  notrackIsNarrow,
  valueInsideMask,
} from './firewall-checks.ts'
import {
  addressFields,
  inInterfaceFields,
  markNumber,
  networks,
  notrackFields,
  outInterfaceFields,
  packetFields,
  ruleName,
} from './firewall-match-fields.ts'
import { exactlyOne, onlyOne, portsNeedProtocol } from './rules.ts'
import { dnsLabel, filterNetwork, logPrefix, packetRate, port } from './value-forms.ts'

const limit = z
  .strictObject({
    rate: packetRate.describe('Packets in a time: 10/second, 30/minute, 100/hour or 5/day; at most 10000/second.'),
    burst: z.int().min(1).max(10_000).optional().describe('Packets that may come at once; 5 when not written.'),
    perSource: z.boolean().default(false).describe('One allowance for each source address, instead of one for all.'),
  })
  .check(burstFitsRate)
  .optional()
  .describe('Packets above the rate do not match, and go on to the next rule.')

const log = z
  .strictObject({
    prefix: logPrefix.optional().describe('Begin of the line in the kernel log; made of the name when not written.'),
    level: z.enum(['debug', 'info', 'notice', 'warning', 'error']).default('info').describe('Level in the kernel log.'),
  })
  .optional()
  .describe('Writes a line to the kernel log before the action, 10 a minute at most.')

const firewallRule = z
  .strictObject({
    name: ruleName,
    ...addressFields,
    ...inInterfaceFields,
    ...outInterfaceFields,
    ...packetFields,
    limit,
    log,
    action: z
      .enum(['Accept', 'Drop', 'Reject'])
      .describe(
        'What happens to matching packets. Accept takes them past the rules after it, not past network policies; Reject answers, and does not exist for services.',
      ),
  })
  .check(onlyOne('from', 'notFrom'))
  .check(onlyOne('to', 'notTo'))
  .check(onlyOne('ports', 'notPorts'))
  .check(onlyOne('inInterface', 'notInInterface'))
  .check(onlyOne('outInterface', 'notOutInterface'))
  .check(onlyOne('limit', 'log'))
  .check(portsNeedProtocol)
  .check(icmpTypeNeedsProtocol)
  .check(familiesMeet)
  .check(everybodyNotDenied)
  .check(nobodyMeant)
  .check(limitedPortsFit)

const inputRule = firewallRule.check(noOutInterface)
const servicesRule = inputRule.check(noReject)
/** One document; a node may have several. */
const mostRules = 10_000

const management = z
  .strictObject({
    from: z
      .array(filterNetwork)
      .max(1000)
      .default([])
      .describe('Addresses and ranges that may always reach SSH and the API server; everybody when empty.'),
    sshPorts: z.array(port).min(1).max(8).optional().describe('Ports of SSH; 22 when not written.'),
  })
  .prefault({})
  .describe(
    'Who administers the nodes. These, and the nodes of the cluster among each other, get through whatever the rules say. A node that is to join has to be known in spec.nodes of the ClusterNetwork, or come from here.',
  )

const clampMSS = z
  .strictObject({
    name: ruleName,
    ...inInterfaceFields,
    ...outInterfaceFields,
    from: addressFields.from,
    to: addressFields.to,
    families: addressFields.families,
    comment: addressFields.comment,
    mss: z
      .union([z.literal('pmtu'), z.int().min(536).max(65_495)])
      .default('pmtu')
      .describe('Largest segment in bytes, or pmtu: what fits through the path that the packet takes.'),
  })
  .check(onlyOne('inInterface', 'notInInterface'))
  .check(onlyOne('outInterface', 'notOutInterface'))
  .check(familiesMeet)

const matchChecks = [
  onlyOne('from', 'notFrom'),
  onlyOne('to', 'notTo'),
  onlyOne('ports', 'notPorts'),
  portsNeedProtocol,
  familiesMeet,
  nobodyMeant,
] as const

const dscp = z
  .strictObject({
    name: ruleName,
    ...addressFields,
    ...outInterfaceFields,
    class: z.enum(dscpClassNames).optional().describe('Name of the code point, like EF or CS1.'),
    value: z.int().min(0).max(63).optional().describe('The code point as a number.'),
  })
  .check(...matchChecks, onlyOne('outInterface', 'notOutInterface'), exactlyOne('class', 'value'))

const mark = z
  .strictObject({
    name: ruleName,
    ...addressFields,
    ...inInterfaceFields,
    value: markNumber.describe('Mark that packets get, within the mask.'),
    mask: markNumber.default(0xf0).describe('Bits of the mark that are written; others keep theirs.'),
  })
  .check(...matchChecks, onlyOne('inInterface', 'notInInterface'), valueInsideMask)

const notrack = z
  .strictObject({ name: ruleName, ...notrackFields, ...inInterfaceFields })
  .check(...matchChecks, onlyOne('inInterface', 'notInInterface'), notrackIsNarrow)

export const firewall = z
  .strictObject({
    plane: z
      .enum(['iptables', 'nft'])
      .optional()
      .describe(
        'Mechanism that holds the rules: chains among those of iptables (taken when not written), or a table of nftables.',
      ),
    backend: z
      .enum(['nft', 'legacy'])
      .optional()
      .describe('Backend of iptables. The one that K3s uses on the node is found out when not written.'),
    management,
    input: z.array(inputRule).max(mostRules).default([]).describe('Traffic to the node itself.'),
    services: z
      .array(servicesRule)
      .max(mostRules)
      .default([])
      .describe(
        'Traffic to NodePorts, hostPorts and ServiceLB ports, before it is translated. Whatever goes to an address of the node passes here, also what input is asked about afterwards.',
      ),
    forward: z
      .array(firewallRule)
      .max(mostRules)
      .default([])
      .describe('Traffic that the node passes on, pods and translated Services among it.'),
    clampMSS: z
      .array(clampMSS)
      .max(mostRules)
      .default([])
      .describe('Lowers the segment size that TCP connections agree on, for links with a smaller MTU.'),
    dscp: z
      .array(dscp)
      .max(mostRules)
      .default([])
      .describe('Code points for packets that leave the node, for the network to tell them apart.'),
    marks: z.array(mark).max(mostRules).default([]).describe('Marks for packets that arrive, for routing rules.'),
    notrack: z
      .array(notrack)
      .max(mostRules)
      .default([])
      .describe('Traffic that connection tracking leaves alone. It is not translated either.'),
  })
  .prefault({})
  .describe('Packet filter rules, first match first. What keeps the node reachable cannot be written away.')

export const masqueradeExemption = z
  .strictObject({
    name: dnsLabel.describe('Name of the exemption, for reports and errors; it does not reach the kernel.'),
    from: networks.describe('Source ranges that keep their address.'),
    to: networks.describe('Destination ranges that see it.'),
  })
  .check(familiesMeet)

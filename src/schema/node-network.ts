import * as z from 'zod'
import { k3sFlags, metadata, nodeSelector } from './common-parts.ts'
import { atLeastOne, oneOfEachFamily, onlyOne, portsNeedProtocol } from './rules.ts'
import {
  address,
  addressOrCidr,
  cidr,
  dnsLabel,
  dnsSubdomain,
  networkInterface,
  portOrRange,
  sysctlName,
  sysctlValue,
} from './value-forms.ts'

const addresses = z.array(addressOrCidr).min(1)

const firewallRule = z
  .strictObject({
    name: dnsLabel.describe('Name of the rule; stands as a comment in the packet filter.'),
    from: addresses.optional().describe('Sources that the rule is for: addresses or ranges.'),
    notFrom: addresses.optional().describe('The rule is for every source but these.'),
    to: addresses.optional().describe('Destinations that the rule is for.'),
    protocol: z
      .enum(['tcp', 'udp', 'sctp', 'icmp', 'icmpv6'])
      .optional()
      .describe('Protocol that the rule is for; every protocol when not written.'),
    ports: z
      .array(portOrRange)
      .min(1)
      .optional()
      .describe('Destination ports: numbers, or ranges like "30000-32767". Need protocol tcp, udp or sctp.'),
    action: z.enum(['Accept', 'Drop', 'Reject']).describe('What happens to matching packets.'),
  })
  .check(onlyOne('from', 'notFrom'))
  .check(portsNeedProtocol)

const firewall = z
  .strictObject({
    input: z.array(firewallRule).default([]).describe('Traffic to the node itself.'),
    services: z
      .array(firewallRule)
      .default([])
      .describe('Traffic to NodePorts, hostPorts and ServiceLB ports, before it is translated.'),
    forward: z.array(firewallRule).default([]).describe('Traffic that the node passes on.'),
  })
  .prefault({})
  .describe('Packet filter rules, first match first. What keeps the node reachable cannot be written away.')

const masqueradeExemption = z.strictObject({
  name: dnsLabel.describe('Name of the exemption; stands as a comment in the packet filter.'),
  from: z.array(cidr).min(1).describe('Source ranges that keep their address.'),
  to: z.array(cidr).min(1).describe('Destination ranges that see it.'),
})

const tableNumber = z.int().min(1).max(4_294_967_295)

const route = z
  .strictObject({
    to: cidr.describe('Destination range.'),
    via: address.optional().describe('Next hop.'),
    dev: networkInterface.optional().describe('Interface.'),
    metric: z.int().min(0).max(4_294_967_295).optional().describe('Lower is preferred.'),
    table: tableNumber.optional().describe('Routing table; the main one (254) when not written.'),
  })
  .check(atLeastOne('via', 'dev'))

const routingRule = z
  .strictObject({
    from: cidr.optional().describe('Source range.'),
    to: cidr.optional().describe('Destination range.'),
    priority: z.int().min(1).max(32_765).describe('Order among the routing rules; lower comes first.'),
    table: tableNumber.describe('Routing table that is looked up.'),
  })
  .check(atLeastOne('from', 'to'))

export const nodeNetworkSchema = z
  .strictObject({
    apiVersion: z.literal('fairlead.dev/v1alpha1').describe('Always fairlead.dev/v1alpha1.'),
    kind: z.literal('NodeNetwork').describe('Always NodeNetwork.'),
    metadata,
    spec: z
      .strictObject({
        nodes: nodeSelector.describe('The nodes that this document is for.'),
        nodeIP: z
          .array(address)
          .min(1)
          .max(2)
          .check(oneOfEachFamily)
          .optional()
          .describe(
            'Addresses that K3s announces for the node (node-ip), at most one per family; they win over those of spec.nodes.',
          ),
        externalIP: z
          .array(address)
          .min(1)
          .max(2)
          .check(oneOfEachFamily)
          .optional()
          .describe('External addresses of the node, at most one per family.'),
        nodeName: dnsSubdomain
          .optional()
          .describe(
            'Name that the node registers with, where it is not the host name. spec.nodes and every selector mean the node by this name, and Fairlead on it is told it with --node.',
          ),
        flannelInterface: networkInterface
          .optional()
          .describe('Interface for pod traffic on these nodes, where it differs from spec.cni.flannel.interface.'),
        k3sFlags: k3sFlags(
          'Further flags of these nodes, by their name in config.yaml. One that the ClusterNetwork has as well is replaced on these nodes, a list whole.',
        ),
        firewall,
        masqueradeExemptions: z
          .array(masqueradeExemption)
          .default([])
          .describe('Traffic of pods that leaves the node with the address of the pod.'),
        routes: z.array(route).default([]).describe('Static routes.'),
        routingRules: z.array(routingRule).default([]).describe('Rules that choose a routing table.'),
        sysctls: z
          .record(sysctlName, sysctlValue)
          .default({})
          .describe('Kernel settings below net., as text: net.ipv6.conf.eth0.accept_ra: "2".'),
      })
      .describe('What differs on these nodes.'),
  })
  .describe('What is particular to some nodes of a cluster: clusters/NAME/nodes/*.yaml.')

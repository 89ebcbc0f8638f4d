import * as z from 'zod'
import { k3sFlags, metadata, nodeSelector } from './common-parts.ts'
import { firewall, masqueradeExemption } from './firewall-fields.ts'
import { egress, route, routingRule } from './route-fields.ts'
import { oneOfEachFamily } from './rules.ts'
import { address, dnsSubdomain, networkInterface, sysctlName, sysctlValue } from './value-forms.ts'

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
        egress: z
          .array(egress)
          .default([])
          .describe('Ways out of the cluster for pods, other than the default route of the node.'),
        sysctls: z
          .record(sysctlName, sysctlValue)
          .default({})
          .describe('Kernel settings below net., as text: net.ipv6.conf.eth0.accept_ra: "2".'),
      })
      .describe('What differs on these nodes.'),
  })
  .describe('What is particular to some nodes of a cluster: clusters/NAME/nodes/*.yaml.')

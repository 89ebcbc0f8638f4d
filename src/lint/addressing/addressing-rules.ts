import type { RuleGroup } from '../rule.ts'
import { argumentBypass } from './argument-bypass.ts'
import { cidrCount, cidrHostBits, cidrParse } from './cidr-form.ts'
import { clusterDomain, dnsFamily, dnsInService, dnsParse } from './cluster-dns.ts'
import { egressAgentless, egressEnum, egressPodCni } from './egress.ts'
import { advertiseFamily, dualStackGate, familyMatch, ipv6Windows } from './families.ts'
import { acceptRouterAdvertisements, masqueradeWithoutEffect, ulaMasquerade } from './ipv6-egress.ts'
import { nodePortRange, nodePortReserved, nodePortShrink } from './node-ports.ts'
import { clusterCapacity, maxPodsMask, nodeMask, nodeMaskFlag } from './node-ranges.ts'
import { nodeIpInCidr, overlap, wideDefault } from './overlap.ts'
import { serviceFamilies, serviceNodePort } from './service-objects.ts'
import { serviceSize, serviceSmall } from './service-range.ts'

/** Ranges, cluster DNS, node ports, and how traffic leaves the cluster. */
export const addressingRules: RuleGroup = {
  title: 'Addressing',
  rules: [
    cidrParse,
    cidrHostBits,
    cidrCount,
    familyMatch,
    dualStackGate,
    overlap,
    nodeIpInCidr,
    clusterCapacity,
    nodeMask,
    nodeMaskFlag,
    maxPodsMask,
    serviceSize,
    serviceSmall,
    dnsInService,
    dnsFamily,
    dnsParse,
    clusterDomain,
    nodePortRange,
    nodePortReserved,
    nodePortShrink,
    advertiseFamily,
    egressEnum,
    egressPodCni,
    egressAgentless,
    ulaMasquerade,
    masqueradeWithoutEffect,
    acceptRouterAdvertisements,
    ipv6Windows,
    wideDefault,
    argumentBypass,
    serviceNodePort,
    serviceFamilies,
  ],
  notApplicable: [],
}

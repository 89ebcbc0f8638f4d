import type { AddressFamily } from '../domain/cidr.ts'
import type { ServiceFacts, ServicePort, TransportProtocol } from '../domain/facts.ts'
import { asList, asRecord, known, numberIn, switchIn, textIn, textsIn, unlessEmpty } from '../domain/plain-json.ts'

/** What `spec` of a Service says, in the words of the facts; what it does not say is absent. */
export function serviceSpecFacts(value: unknown): Omit<ServiceFacts, 'namespace' | 'name' | 'labels'> {
  const spec = asRecord(value)
  return known<Omit<ServiceFacts, 'namespace' | 'name' | 'labels'>>({
    type: textIn(spec['type']) ?? 'ClusterIP',
    clusterIP: textIn(spec['clusterIP']),
    ports: asList(spec['ports']).flatMap(portOf),
    ipFamilies: unlessEmpty(textsIn(spec['ipFamilies']).flatMap(familyOf)),
    externalTrafficPolicy: trafficPolicyIn(spec['externalTrafficPolicy']),
    allocateLoadBalancerNodePorts: switchIn(spec['allocateLoadBalancerNodePorts']),
    loadBalancerClass: textIn(spec['loadBalancerClass']),
    loadBalancerIP: textIn(spec['loadBalancerIP']),
    externalIPs: unlessEmpty(textsIn(spec['externalIPs'])),
    loadBalancerSourceRanges: unlessEmpty(textsIn(spec['loadBalancerSourceRanges'])),
  })
}

export function protocolIn(value: unknown): TransportProtocol {
  return value === 'UDP' || value === 'SCTP' ? value : 'TCP'
}

function portOf(value: unknown): ServicePort[] {
  const { port, nodePort, name, protocol } = asRecord(value)
  if (typeof port !== 'number') return []
  const nodePortOrNone = numberIn(nodePort) === 0 ? undefined : numberIn(nodePort)
  return [known<ServicePort>({ protocol: protocolIn(protocol), port, nodePort: nodePortOrNone, name: textIn(name) })]
}

function familyOf(text: string): AddressFamily[] {
  return text === 'IPv4' ? [4] : text === 'IPv6' ? [6] : []
}

function trafficPolicyIn(value: unknown): ServiceFacts['externalTrafficPolicy'] {
  return value === 'Cluster' || value === 'Local' ? value : undefined
}

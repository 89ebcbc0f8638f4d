import type { AddressFamily } from '../../domain/cidr.ts'
import type { ServiceFacts, ServicePort, TransportProtocol } from '../../domain/facts.ts'
import { annotationsOf } from './cluster-objects.ts'
import {
  asList,
  asRecord,
  type Json,
  known,
  numberIn,
  switchIn,
  textIn,
  textMapIn,
  textsIn,
  unlessEmpty,
} from './plain-json.ts'

/**
 * A Service of the API in the words of the facts; undefined for what has no name.
 * @param endpointNodes by `namespace/name`; undefined when endpoints could not be read
 */
export function serviceFacts(
  service: Json,
  endpointNodes: ReadonlyMap<string, readonly string[]> | undefined,
): ServiceFacts | undefined {
  const metadata = asRecord(service['metadata'])
  const spec = asRecord(service['spec'])
  const [namespace, name] = [textIn(metadata['namespace']), textIn(metadata['name'])]
  if (namespace === undefined || name === undefined) return undefined
  return known<ServiceFacts>({
    namespace,
    name,
    type: textIn(spec['type']) ?? 'ClusterIP',
    labels: textMapIn(metadata['labels']),
    uid: textIn(metadata['uid']),
    createdAt: textIn(metadata['creationTimestamp']),
    annotations: annotationsOf(metadata),
    clusterIP: textIn(spec['clusterIP']),
    ports: asList(spec['ports']).flatMap(portOf),
    ipFamilies: unlessEmpty(textsIn(spec['ipFamilies']).flatMap(familyOf)),
    externalTrafficPolicy: trafficPolicyIn(spec['externalTrafficPolicy']),
    allocateLoadBalancerNodePorts: switchIn(spec['allocateLoadBalancerNodePorts']),
    loadBalancerClass: textIn(spec['loadBalancerClass']),
    loadBalancerIP: textIn(spec['loadBalancerIP']),
    externalIPs: unlessEmpty(textsIn(spec['externalIPs'])),
    loadBalancerSourceRanges: unlessEmpty(textsIn(spec['loadBalancerSourceRanges'])),
    endpointNodes: endpointNodes === undefined ? undefined : (endpointNodes.get(`${namespace}/${name}`) ?? []),
    statusAddresses: statusAddresses(service['status']),
    isDeleting: metadata['deletionTimestamp'] === undefined ? undefined : true,
  })
}

function portOf(value: unknown): ServicePort[] {
  const { port, nodePort, name, protocol } = asRecord(value)
  if (typeof port !== 'number') return []
  const nodePortOrNone = numberIn(nodePort) === 0 ? undefined : numberIn(nodePort)
  return [known<ServicePort>({ protocol: protocolIn(protocol), port, nodePort: nodePortOrNone, name: textIn(name) })]
}

export function protocolIn(value: unknown): TransportProtocol {
  return value === 'UDP' || value === 'SCTP' ? value : 'TCP'
}

function familyOf(text: string): AddressFamily[] {
  return text === 'IPv4' ? [4] : text === 'IPv6' ? [6] : []
}

function trafficPolicyIn(value: unknown): ServiceFacts['externalTrafficPolicy'] {
  return value === 'Cluster' || value === 'Local' ? value : undefined
}

/** An entry that is a host name instead of an address is left out. */
function statusAddresses(status: unknown): readonly string[] {
  const { ingress } = asRecord(asRecord(status)['loadBalancer'])
  return asList(ingress).flatMap((entry) => textIn(asRecord(entry)['ip']) ?? [])
}

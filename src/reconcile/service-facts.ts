import type { AddressFamily } from '../domain/cidr.ts'
import type { KubernetesObject, ServiceFacts, ServicePort, TransportProtocol } from '../domain/facts.ts'

/** A Service as a manifest defines it, in the words of the facts; undefined for every other object. */
export function serviceFactsOf({ apiVersion, kind, metadata, ...rest }: KubernetesObject): ServiceFacts | undefined {
  if (apiVersion !== 'v1' || kind !== 'Service') return undefined
  const spec = asRecord(rest['spec'])
  return written<ServiceFacts>({
    namespace: metadata.namespace ?? 'default',
    name: metadata.name,
    type: textIn(spec['type']) ?? 'ClusterIP',
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    clusterIP: textIn(spec['clusterIP']),
    ports: listIn(spec['ports']).flatMap(portOf),
    ipFamilies: familiesIn(spec['ipFamilies']),
    externalTrafficPolicy: trafficPolicyIn(spec['externalTrafficPolicy']),
    allocateLoadBalancerNodePorts: switchIn(spec['allocateLoadBalancerNodePorts']),
    loadBalancerClass: textIn(spec['loadBalancerClass']),
    loadBalancerIP: textIn(spec['loadBalancerIP']),
    externalIPs: textsIn(spec['externalIPs']),
    loadBalancerSourceRanges: textsIn(spec['loadBalancerSourceRanges']),
  })
}

/** What is not written is absent, as everywhere in the facts. */
function written<T extends object>(facts: { [Key in keyof T]: T[Key] | undefined }): T {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as T
}

function portOf(value: unknown): ServicePort[] {
  const { port, nodePort, name, protocol } = asRecord(value)
  if (typeof port !== 'number') return []
  return [
    {
      protocol: protocolIn(protocol),
      port,
      ...(typeof nodePort === 'number' ? { nodePort } : {}),
      ...(typeof name === 'string' ? { name } : {}),
    },
  ]
}

function protocolIn(value: unknown): TransportProtocol {
  return value === 'UDP' || value === 'SCTP' ? value : 'TCP'
}

function trafficPolicyIn(value: unknown): 'Cluster' | 'Local' | undefined {
  return value === 'Local' || value === 'Cluster' ? value : undefined
}

function familiesIn(value: unknown): readonly AddressFamily[] | undefined {
  const families = listIn(value).flatMap((family): AddressFamily[] =>
    family === 'IPv4' ? [4] : family === 'IPv6' ? [6] : [],
  )
  return families.length === 0 ? undefined : families
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function textsIn(value: unknown): readonly string[] | undefined {
  const texts = listIn(value).filter((item) => typeof item === 'string')
  return texts.length === 0 ? undefined : texts
}

function switchIn(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

import type { ServiceFacts } from '../../domain/facts.ts'
import type { K3sVersion } from '../version/k3s-version.ts'
import { servicelbEra } from './eras.ts'

/**
 * Whether a change of a Service makes ServiceLB write its DaemonSet anew. The standalone controller looks at every
 * change; the cloud provider at these fields only, and labels are not among them. Session affinity and the health check
 * port belong to them as well and are no part of the facts.
 * @see kubernetes/cloud-provider controllers/service/controller.go (`needsUpdate`); k3s-networking §5.3
 */
export function isLookedAtAgain(before: ServiceFacts, after: ServiceFacts, version: K3sVersion): boolean {
  const fields = servicelbEra(version) === 'standalone' ? [...triggers, labelsOf] : triggers
  return fields.some((field) => JSON.stringify(field(before)) !== JSON.stringify(field(after)))
}

const labelsOf = (service: ServiceFacts): unknown => sorted(service.labels)

const triggers: readonly ((service: ServiceFacts) => unknown)[] = [
  (service) => service.type,
  (service) => service.loadBalancerClass,
  (service) => service.loadBalancerSourceRanges ?? [],
  (service) => (service.ports ?? []).map(({ protocol, port, nodePort, name }) => [protocol, port, nodePort, name]),
  (service) => service.loadBalancerIP,
  (service) => service.externalIPs ?? [],
  (service) => sorted(service.annotations ?? {}),
  (service) => service.uid,
  (service) => service.externalTrafficPolicy ?? 'Cluster',
  (service) => service.ipFamilies?.length,
]

function sorted(record: Readonly<Record<string, string>>): unknown {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
}

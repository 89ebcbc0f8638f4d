import type { ServiceFacts } from '../../domain/facts.ts'
import type { K3sVersion } from '../version/k3s-version.ts'
import { servicelbEra } from './eras.ts'

export type Ineligibility = 'not-load-balancer' | 'deleting' | 'headless' | 'class'

/**
 * Why ServiceLB leaves a Service alone; undefined where it serves it. A manifest has no cluster IP yet, so only `None`
 * counts as having none.
 * @see k3s-networking §5.4 R1
 */
export function ineligibilityOf(service: ServiceFacts, version: K3sVersion): Ineligibility | undefined {
  if (service.type !== 'LoadBalancer') return 'not-load-balancer'
  if (service.isDeleting === true) return 'deleting'
  if (servicelbEra(version) === 'standalone') return service.clusterIP === 'None' ? 'headless' : undefined
  return service.loadBalancerClass === undefined ? undefined : 'class'
}

/** `namespace/name`: how facts and predictions name a Service. */
export function serviceKey({ namespace, name }: Pick<ServiceFacts, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`
}

/** Older first; a Service that does not exist yet comes after all that do. Then by name. */
export function byCreation(a: ServiceFacts, b: ServiceFacts): number {
  return compareTexts(a.createdAt ?? '~', b.createdAt ?? '~') || compareTexts(serviceKey(a), serviceKey(b))
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

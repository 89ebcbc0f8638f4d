import type { KubernetesObject, ServiceFacts } from '../domain/facts.ts'
import { serviceSpecFacts } from '../k3s/service-spec.ts'

/** A Service as a manifest defines it, in the words of the facts; undefined for every other object. */
export function serviceFactsOf({ apiVersion, kind, metadata, ...rest }: KubernetesObject): ServiceFacts | undefined {
  if (apiVersion !== 'v1' || kind !== 'Service') return undefined
  return {
    namespace: metadata.namespace ?? 'default',
    name: metadata.name,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    ...serviceSpecFacts(rest['spec']),
  }
}

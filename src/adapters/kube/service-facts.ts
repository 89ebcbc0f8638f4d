import type { ServiceFacts } from '../../domain/facts.ts'
import { asList, asRecord, type Json, known, textIn, textMapIn } from '../../domain/plain-json.ts'
import { serviceSpecFacts } from '../../k3s/service-spec.ts'
import { annotationsOf } from './cluster-objects.ts'

/**
 * A Service of the API in the words of the facts; undefined for what has no name.
 * @param endpointNodes by `namespace/name`; undefined when endpoints could not be read
 */
export function serviceFacts(
  service: Json,
  endpointNodes: ReadonlyMap<string, readonly string[]> | undefined,
): ServiceFacts | undefined {
  const metadata = asRecord(service['metadata'])
  const [namespace, name] = [textIn(metadata['namespace']), textIn(metadata['name'])]
  if (namespace === undefined || name === undefined) return undefined
  return known<ServiceFacts>({
    namespace,
    name,
    ...serviceSpecFacts(service['spec']),
    labels: textMapIn(metadata['labels']),
    uid: textIn(metadata['uid']),
    createdAt: textIn(metadata['creationTimestamp']),
    annotations: annotationsOf(metadata),
    endpointNodes: endpointNodes === undefined ? undefined : (endpointNodes.get(`${namespace}/${name}`) ?? []),
    statusAddresses: statusAddresses(service['status']),
    isDeleting: metadata['deletionTimestamp'] === undefined ? undefined : true,
  })
}

/** An entry that is a host name instead of an address is left out. */
function statusAddresses(status: unknown): readonly string[] {
  const { ingress } = asRecord(asRecord(status)['loadBalancer'])
  return asList(ingress).flatMap((entry) => textIn(asRecord(entry)['ip']) ?? [])
}

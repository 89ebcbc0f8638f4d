import type { ServiceFacts } from '../../domain/facts.ts'
import { supports } from '../version/feature-gates.ts'
import type { K3sVersion } from '../version/k3s-version.ts'

/**
 * `namespace/name` of the DaemonSet of a Service; undefined while its UID, which is part of the name, is not known.
 * @param namespace what `servicelb-namespace` says; releases before it take the namespace of the Service
 * @see k3s-networking §5.1, §5.6
 */
export function daemonSetName(service: ServiceFacts, version: K3sVersion, namespace: string): string | undefined {
  if (!supports('servicelb-own-namespace', version)) return `${service.namespace}/svclb-${service.name}`
  if (service.uid === undefined) return undefined
  const name = supports('servicelb-short-names', version)
    ? service.name.slice(0, longestShortName).replace(/-+$/, '')
    : service.name
  return `${namespace}/svclb-${name}-${service.uid.slice(0, uidCharacters)}`
}

/** How long the name of a Service may be before the DaemonSet's own name is no label value any more; undefined for any. */
export function longestServiceName(version: K3sVersion): number | undefined {
  if (supports('servicelb-short-names', version)) return undefined
  const suffix = supports('servicelb-own-namespace', version) ? uidCharacters + 1 : 0
  return longestLabelValue - 'svclb-'.length - suffix
}

const longestShortName = 48
const uidCharacters = 8
/** @see kubernetes/apimachinery pkg/util/validation (`LabelValueMaxLength`) */
const longestLabelValue = 63

import { parseCidr } from '../../domain/cidr.ts'
import type { ServiceFacts } from '../../domain/facts.ts'
import { type Result, refusal, success } from '../../domain/result.ts'
import { sourceRangesAnnotation, tolerationsAnnotation } from '../servicelb-labels.ts'
import { supports } from '../version/feature-gates.ts'
import type { K3sVersion } from '../version/k3s-version.ts'
import { longestServiceName } from './daemonset-name.ts'
import { servicelbEra } from './eras.ts'
import type { ServicelbCluster } from './prediction.ts'
import { defaultTolerations, readTolerations, type Toleration } from './tolerations.ts'

/**
 * What the pods of a Service tolerate, or the reason why K3s cannot write its DaemonSet: one that is there stays as it
 * was, and a new one does not come.
 */
export function ensureOutcome(
  service: ServiceFacts,
  cluster: Pick<ServicelbCluster, 'version' | 'readAnnotation'>,
): Result<readonly Toleration[], string> {
  const { version } = cluster
  const defaults = defaultTolerations(version)
  const longest = longestServiceName(version)
  if (longest !== undefined && service.name.length > longest) {
    return refusal(`its name has ${service.name.length} characters, and the label of its pods has room for ${longest}`)
  }
  if (servicelbEra(version) === 'standalone') return success(defaults)
  const wrong = sourceRangesOf(service).find((range) => !isSourceRange(range))
  if (wrong !== undefined) return refusal(`${JSON.stringify(wrong)} in its source ranges is no network`)
  const own = ownTolerations(service, version, cluster.readAnnotation)
  if (!own.ok) return refusal(`its tolerations annotation: ${own.error}`)
  // The same list where nothing is added: it is asked for by what it is.
  return success(own.value.length === 0 ? defaults : [...defaults, ...own.value])
}

/** The tolerations of the annotation alone; empty in releases that do not read it. */
function ownTolerations(
  service: ServiceFacts,
  version: K3sVersion,
  readAnnotation: ServicelbCluster['readAnnotation'],
): Result<readonly Toleration[], string> {
  const text = service.annotations?.[tolerationsAnnotation]
  if (text === undefined || !supports('servicelb-tolerations', version)) return success([])
  const read = readAnnotation(text)
  return read.ok ? readTolerations(read.value) : read
}

/**
 * Where traffic may come from, as it is written; empty for everywhere. The field wins over the annotation.
 * @see kubernetes/cloud-provider service/helpers/helper.go (`GetLoadBalancerSourceRanges`)
 */
export function sourceRangesOf(service: ServiceFacts): readonly string[] {
  const { loadBalancerSourceRanges: field = [], annotations = {} } = service
  if (field.length > 0) return field.map((range) => range.trim())
  const text = (annotations[sourceRangesAnnotation] ?? '').trim()
  return text === '' ? [] : text.split(',').map((range) => range.trim())
}

/** Leading zeros in an IPv4 address are let through, as Kubernetes does here. */
export function isSourceRange(text: string): boolean {
  return parseCidr(text.includes(':') ? text : text.replace(/(^|\.)0+(?=\d)/g, '$1')) !== undefined
}

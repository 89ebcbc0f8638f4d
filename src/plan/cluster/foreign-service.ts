import type { ObservedService } from '../../domain/cluster-observation.ts'
import { objectOwner } from '../objects/object-owner.ts'

/**
 * Why a Service is not even given the annotation that makes ServiceLB look at it, which goes again: a tool that compares all
 * the time keeps it. Helm does not: what stands beside its values stays. Undefined where nothing stands against it.
 */
export function untouchable(service: ObservedService): string | undefined {
  const owner = objectOwner({ labels: service.labels, annotations: service.annotations ?? {} })
  if (owner === undefined || owner.tool === 'K3s' || owner.tool === 'Helm') return undefined
  const name = `${service.namespace}/${service.name}`
  return `the DaemonSet of Service ${name} does not select the nodes that its labels ask for, and the Service belongs to ${owner.tool} (${owner.name}): change any annotation of it there, so that ServiceLB looks again`
}

/**
 * Why a Service gets its pool from somebody else: the tool that keeps it, and the way to go; undefined where labels of ours
 * may stand beside its own. The manifests of K3s' own deploy controller are merged, and leave what others added.
 * @param labels what we would set
 */
export function foreignService(service: ObservedService, labels: Readonly<Record<string, string>>): string | undefined {
  const owner = objectOwner({ labels: service.labels, annotations: service.annotations ?? {} })
  if (owner === undefined || owner.tool === 'K3s') return undefined
  const wanted = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')
  const name = `Service ${service.namespace}/${service.name}`
  return owner.tool === 'Helm'
    ? `${name} belongs to the Helm release ${owner.name}: set ${wanted} in service.labels of its values; for a chart of K3s, in a HelmChartConfig`
    : `${name} belongs to ${owner.tool} (${owner.name}): set ${wanted} where that keeps it`
}

import type { ServicelbDaemonSet } from '../../domain/facts.ts'
import { asList, asRecord, type Json, textIn, textMapIn } from '../../domain/plain-json.ts'

/** Every DaemonSet of ServiceLB has it, in every release. */
export const nodeSelectorLabel = 'svccontroller.k3s.cattle.io/nodeselector'
const nameLabel = 'svccontroller.k3s.cattle.io/svcname'
const namespaceLabel = 'svccontroller.k3s.cattle.io/svcnamespace'

/**
 * A DaemonSet of ServiceLB; undefined for every other one.
 * @see k3s-io/k3s pkg/cloudprovider/servicelb.go, pkg/servicelb/controller.go: until v1.24.1 it lies beside its Service,
 *   which is its owner, and only its pods are labelled with the name
 */
export function servicelbDaemonSet(daemonSet: Json): ServicelbDaemonSet | undefined {
  const metadata = asRecord(daemonSet['metadata'])
  const labels = textMapIn(metadata['labels'])
  const namespace = textIn(metadata['namespace'])
  if (labels[nodeSelectorLabel] === undefined || namespace === undefined) return undefined
  const template = asRecord(asRecord(daemonSet['spec'])['template'])
  const podLabels = textMapIn(asRecord(template['metadata'])['labels'])
  const owner = asList(metadata['ownerReferences'])
    .map(asRecord)
    .find((one) => one['kind'] === 'Service')
  const ownerName = textIn(owner?.['name'])
  const service =
    serviceOf(labels, namespace) ??
    serviceOf(podLabels, namespace) ??
    (ownerName === undefined ? undefined : `${namespace}/${ownerName}`)
  if (service === undefined) return undefined
  return { service, nodeSelector: textMapIn(asRecord(template['spec'])['nodeSelector']) }
}

/**
 * The Service that labels of ServiceLB name.
 * @param namespace of what is labelled, which is also the Service's where no label says another
 */
export function serviceOf(labels: Readonly<Record<string, string>>, namespace: string): string | undefined {
  const name = labels[nameLabel]
  return name === undefined ? undefined : `${labels[namespaceLabel] ?? namespace}/${name}`
}

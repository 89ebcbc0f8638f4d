import type { KubernetesObject } from '../../domain/facts.ts'
import { isRecord, type Json } from '../../domain/plain-json.ts'

/**
 * The object with `protocol: TCP` at ports that do not say one. It is part of the key of these lists, and server-side
 * apply of releases before 1.21 fails without it instead of taking the default.
 * @see kubernetes/kubernetes staging/src/k8s.io/api/core/v1/types.go `ServicePort`, `ContainerPort` (listMapKey=protocol)
 */
export function withPortProtocols(object: KubernetesObject): KubernetesObject {
  const paths = pathsByKind.get(`${object.apiVersion} ${object.kind}`) ?? []
  return paths.reduce(changedAt, object)
}

const podLists = [
  ['containers', '*', 'ports'],
  ['initContainers', '*', 'ports'],
] as const
const below = (...before: readonly string[]): readonly (readonly string[])[] =>
  podLists.map((path) => [...before, ...path])
const template = below('spec', 'template', 'spec')

const pathsByKind: ReadonlyMap<string, readonly (readonly string[])[]> = new Map([
  ['v1 Service', [['spec', 'ports']]],
  ['v1 Pod', below('spec')],
  ['v1 ReplicationController', template],
  ['apps/v1 DaemonSet', template],
  ['apps/v1 Deployment', template],
  ['apps/v1 ReplicaSet', template],
  ['apps/v1 StatefulSet', template],
  ['batch/v1 Job', template],
  ['batch/v1 CronJob', below('spec', 'jobTemplate', 'spec', 'template', 'spec')],
  ['batch/v1beta1 CronJob', below('spec', 'jobTemplate', 'spec', 'template', 'spec')],
])

function changedAt<T extends Json>(value: T, [field, ...rest]: readonly string[]): T {
  if (field === undefined || value[field] === undefined) return value
  return { ...value, [field]: changed(value[field], rest) }
}

function changed(value: unknown, path: readonly string[]): unknown {
  if (path.length === 0) return Array.isArray(value) ? value.map(withProtocol) : value
  if (path[0] === '*') return Array.isArray(value) ? value.map((item) => changed(item, path.slice(1))) : value
  return isRecord(value) ? changedAt(value, path) : value
}

function withProtocol(port: unknown): unknown {
  return isRecord(port) && port['protocol'] === undefined ? { ...port, protocol: 'TCP' } : port
}

import type { KubernetesObject } from '../../src/domain/facts.ts'
import { Failure } from '../../src/domain/failure.ts'
import { asList, asRecord, type Json } from '../../src/domain/plain-json.ts'
import type { KubeObjectsPort, LiveObject, ObjectRef } from '../../src/ports/kube-objects-port.ts'

/** A cluster, with what a test does in it behind the back of the client under test. */
export interface KubeLab {
  readonly objects: KubeObjectsPort
  /** The same cluster under another field manager. */
  as(manager: 'other'): KubeObjectsPort
  newNamespace(): Promise<string>
  /** A definition whose kind keeps every field. */
  installKind(group: string, kind: string, plural: string): Promise<void>
  createMany(objects: readonly KubernetesObject[]): Promise<void>
  close(): Promise<void>
}

export function configMap(
  namespace: string,
  name: string,
  data: Readonly<Record<string, string>>,
  labels?: Readonly<Record<string, string>>,
): KubernetesObject {
  const metadata = { namespace, name, ...(labels === undefined ? {} : { labels }) }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }
}

export function service(namespace: string, name: string, ports: readonly Json[]): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name }, spec: { selector: { app: name }, ports } }
}

/** Of a ConfigMap. */
export function namespaced(namespace: string, name: string): ObjectRef {
  return { apiVersion: 'v1', kind: 'ConfigMap', namespace, name }
}

/** Of a Service, sorted. */
export function portNames(object: LiveObject): readonly string[] {
  return asList(asRecord(object['spec'])['ports'])
    .map((port) => String(asRecord(port)['name']))
    .toSorted((a, b) => (a < b ? -1 : 1))
}

export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof Failure)) throw new Error(`no Failure: ${String(error)}`)
  return error
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await failureOf(promise)).detail.code
}

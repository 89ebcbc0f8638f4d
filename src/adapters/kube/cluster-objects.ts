import type { KubernetesObject } from '../../domain/facts.ts'
import { asList, asRecord, type Json, known, textIn, textMapIn } from '../../domain/plain-json.ts'
import { namesSecret } from '../../text/secret-names.ts'

/** Copies of the whole object, which say nothing that the object does not. */
const copiesOfTheObject = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'objectset.rio.cattle.io/applied',
])

/**
 * An object of the API without what only the server needs.
 * @param type its kind, which items of a list do not say themselves
 * @returns undefined for what has no name, and so is no object
 */
export function clusterObject(
  type: { readonly apiVersion: string; readonly kind: string },
  object: Json,
): KubernetesObject | undefined {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object
  const name = textIn(asRecord(metadata)['name'])
  if (name === undefined) return undefined
  return { apiVersion: type.apiVersion, kind: type.kind, metadata: { name, ...metadataOf(metadata) }, ...rest }
}

export function annotationsOf(metadata: unknown): Readonly<Record<string, string>> {
  const annotations = Object.entries(textMapIn(asRecord(metadata)['annotations']))
  return Object.fromEntries(annotations.filter(([name]) => !copiesOfTheObject.has(name)))
}

function metadataOf(metadata: unknown): Omit<KubernetesObject['metadata'], 'name'> {
  const labels = textMapIn(asRecord(metadata)['labels'])
  const annotations = annotationsOf(metadata)
  return known({
    namespace: textIn(asRecord(metadata)['namespace']),
    labels: Object.keys(labels).length > 0 ? labels : undefined,
    annotations: Object.keys(annotations).length > 0 ? annotations : undefined,
  })
}

/** A workload, with `***` for the values of variables that are called like a secret. */
export function withoutSecretVariables(object: KubernetesObject): KubernetesObject {
  const spec = asRecord(object['spec'])
  const template = asRecord(spec['template'])
  const podSpec = asRecord(template['spec'])
  const masked = Object.fromEntries(
    ['containers', 'initContainers']
      .filter((field) => Array.isArray(podSpec[field]))
      .map((field) => [field, asList(podSpec[field]).map(withoutSecretValues)]),
  )
  return { ...object, spec: { ...spec, template: { ...template, spec: { ...podSpec, ...masked } } } }
}

function withoutSecretValues(container: unknown): unknown {
  const { env } = asRecord(container)
  if (!Array.isArray(env)) return container
  const masked = env.map((variable) => {
    const { name, value } = asRecord(variable)
    return typeof name === 'string' && namesSecret(name) && textIn(value) !== undefined
      ? { ...asRecord(variable), value: '***' }
      : variable
  })
  return { ...asRecord(container), env: masked }
}

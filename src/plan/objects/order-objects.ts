import { compareById } from '../../domain/artefact.ts'
import type { KubernetesObject } from '../../domain/facts.ts'
import { asRecord, textIn } from '../../domain/plain-json.ts'
import { objectKey } from '../../k3s/object-key.ts'

/** What is applied together, in this order; removed in the opposite one. */
export const stageNames = [
  'Definitions',
  'Namespaces',
  'ClusterWide',
  'Namespaced',
  'CustomResources',
  'Admission',
] as const

export type StageName = (typeof stageNames)[number]

export interface ObjectStage {
  readonly name: StageName
  /** Sorted by kind, namespace and name: the same set is applied in the same order. */
  readonly objects: readonly KubernetesObject[]
}

/**
 * The order that objects need: a definition before what it defines, a namespace before what lies in it, and what can
 * refuse or answer for other objects (webhooks, policies, aggregated APIs) after everything that it would be asked about.
 * Stages without objects are left out.
 */
export function orderObjects(objects: readonly KubernetesObject[]): readonly ObjectStage[] {
  const stageOf = stagesOf(objects)
  const byStage = Map.groupBy(objects, stageOf)
  return stageNames.flatMap((name) => {
    const members = byStage.get(name) ?? []
    const sorted = members.map((object) => ({ id: idOf(object), object })).toSorted(compareById)
    return members.length === 0 ? [] : [{ name, objects: sorted.map(({ object }) => object) }]
  })
}

/** Stages of the objects of one set: a custom resource is known by the definition beside it. */
export function stagesOf(set: readonly KubernetesObject[]): (object: KubernetesObject) => StageName {
  const defined = new Set(set.flatMap((object) => definedKind(object) ?? []))
  return (object) => {
    const kind = groupKind(object)
    if (kind === definitionKind) return 'Definitions'
    if (kind === namespaceKind) return 'Namespaces'
    if (admissionKinds.has(kind)) return 'Admission'
    if (defined.has(kind)) return 'CustomResources'
    return object.metadata.namespace === undefined ? 'ClusterWide' : 'Namespaced'
  }
}

/** `fairlead.dev/NodeProgram` of the definition of NodePrograms; undefined for everything that defines nothing. */
export function definedKind(object: KubernetesObject): string | undefined {
  if (groupKind(object) !== definitionKind) return undefined
  const { group, names } = asRecord(object['spec'])
  const kind = textIn(asRecord(names)['kind'])
  return kind === undefined ? undefined : `${textIn(group) ?? ''}/${kind}`
}

/** `apps/DaemonSet`, `/Namespace`: versions of one kind are the same kind. */
export function groupKind({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): string {
  const slash = apiVersion.indexOf('/')
  return `${slash < 0 ? '' : apiVersion.slice(0, slash)}/${kind}`
}

export const definitionKind = 'apiextensions.k8s.io/CustomResourceDefinition'
export const namespaceKind = '/Namespace'

const admissionKinds = new Set([
  'admissionregistration.k8s.io/MutatingAdmissionPolicy',
  'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding',
  'admissionregistration.k8s.io/MutatingWebhookConfiguration',
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy',
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding',
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration',
  'apiregistration.k8s.io/APIService',
])

function idOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  const { name, namespace } = metadata
  return objectKey({ apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) })
}

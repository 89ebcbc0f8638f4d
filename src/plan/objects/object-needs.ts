import type { KubernetesObject } from '../../domain/facts.ts'
import { definedKind, groupKind, namespaceKind } from './order-objects.ts'

/** Of the objects of a set: the definition and the namespace that one needs, as far as they are in the set. */
export function setNeeds(set: readonly KubernetesObject[]): (object: KubernetesObject) => readonly KubernetesObject[] {
  const definitions = new Map(
    set.flatMap((object) => {
      const kind = definedKind(object)
      return kind === undefined ? [] : [[kind, object] as const]
    }),
  )
  const namespaces = new Map(
    set.flatMap((object) => (groupKind(object) === namespaceKind ? [[object.metadata.name, object] as const] : [])),
  )
  return (object) => {
    const { namespace } = object.metadata
    const needed = [definitions.get(groupKind(object)), namespace === undefined ? undefined : namespaces.get(namespace)]
    return needed.filter((one) => one !== undefined)
  }
}

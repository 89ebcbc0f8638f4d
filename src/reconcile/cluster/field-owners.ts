import { asList, asRecord, type Json } from '../../domain/plain-json.ts'
import type { OurFields } from '../../plan/cluster/our-fields.ts'
import type { LiveObject } from '../../ports/kube-objects-port.ts'

/**
 * Managers that apply any of these fields, sorted: who declares what an object should be will do so again. Who only wrote
 * once (`kubectl label`, a controller's update) is none of them.
 * @param live with its `managedFields`
 */
export function appliersOf(live: LiveObject, fields: OurFields): readonly string[] {
  const managers = entriesOf(live).filter(
    ({ owned }) =>
      Object.keys(fields.labels).some((key) => owns(owned, 'labels', key)) ||
      Object.keys(fields.annotations).some((key) => owns(owned, 'annotations', key)),
  )
  return [...new Set(managers.map(({ manager }) => manager))].toSorted((a, b) => (a < b ? -1 : 1))
}

export function isAppliedBy(live: LiveObject, name: string, part: 'labels' | 'annotations', key: string): boolean {
  return entriesOf(live).some(({ manager, owned }) => manager === name && owns(owned, part, key))
}

interface Applied {
  readonly manager: string
  /** `fieldsV1`. */
  readonly owned: Json
}

function entriesOf({ metadata }: LiveObject): readonly Applied[] {
  return asList(metadata['managedFields'])
    .map(asRecord)
    .filter(({ operation }) => operation === 'Apply')
    .map(({ manager, fieldsV1 }) => ({ manager: String(manager), owned: asRecord(fieldsV1) }))
}

function owns(owned: Json, part: 'labels' | 'annotations', key: string): boolean {
  return Object.hasOwn(asRecord(asRecord(owned['f:metadata'])[`f:${part}`]), `f:${key}`)
}

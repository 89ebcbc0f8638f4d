import type { ArtefactId } from '../../domain/artefact.ts'
import type { ClusterInventoryEntry } from '../../domain/cluster-inventory.ts'
import type { HoldStep, StepTarget } from './cluster-step.ts'
import { hasOnly, includes, joined, noFields, type OurFields, othersValues, within, without } from './our-fields.ts'

export interface HeldObject {
  readonly id: ArtefactId
  readonly target: StepTarget
  readonly live: OurFields
  readonly entry: ClusterInventoryEntry | undefined
}

/**
 * The step that makes exactly `fields` ours; undefined where they are, and nothing else is.
 * @param pending what stays written down as ours although this step does not set it
 */
export function holdStep(
  { id, target, live, entry }: HeldObject,
  fields: OurFields,
  pending: OurFields = noFields,
): HoldStep | undefined {
  const held = entry ?? noFields
  const isWritten = includes(held, fields)
  const isThere = includes(live, fields)
  if (isWritten && isThere && hasOnly(held, fields, pending)) return undefined
  return {
    kind: 'hold',
    id,
    target,
    fields: { labels: fields.labels, annotations: fields.annotations },
    before: within(live, joined(held, fields)),
    written: joined(within(held, pending), fields),
    // What was ours once, whatever it is now, is nobody's to get back.
    taken: othersValues(without(fields, held), live),
    cause: isWritten && !isThere ? 'Drift' : 'Revision',
  }
}

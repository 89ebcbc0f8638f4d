import type { LabelsArtefact } from '../domain/artefact.ts'
import type { Impact } from '../domain/change.ts'
import type { Facts, NodeFacts } from '../domain/facts.ts'
import type { ClusterProgram } from '../domain/program.ts'

/** One label or annotation of ours on a node or a Service, before and after. */
export interface LabelDifference {
  readonly effect: 'create' | 'change' | 'remove'
  readonly kind: LabelsArtefact['kind']
  /** Node name, or `namespace/name` of a Service. */
  readonly object: string
  readonly field: 'label' | 'annotation'
  readonly key: string
  readonly before?: string
  readonly after?: string
  readonly impact: Impact
}

const movesPorts: Impact = { kind: 'NewConnections', reason: 'ServiceLB opens and closes ports on other nodes' }

/** What one ClusterProgram changes about the labels of another: between two revisions. */
export function diffLabels(before: ClusterProgram | undefined, after: ClusterProgram | undefined): LabelDifference[] {
  return differences(entriesOf(before?.labels ?? []), entriesOf(after?.labels ?? []))
}

/**
 * What a ClusterProgram changes about the labels that a capture shows. Nothing is removed: a capture does not say who
 * wrote a label.
 */
export function labelsAgainstFacts(program: ClusterProgram, facts: Facts): LabelDifference[] {
  const wanted = entriesOf(program.labels)
  const found = new Map<string, Labelled>([
    ...facts.nodes.map((node) => [`node-labels ${node.name}`, node] as const),
    ...facts.services.map((service) => [`service-labels ${service.namespace}/${service.name}`, service] as const),
  ])
  const there = new Map(
    [...wanted].flatMap(([id, entry]) => {
      const value = valueIn(entry, found.get(`${entry.kind} ${entry.object}`))
      return value === undefined ? [] : [[id, { ...entry, value }] as const]
    }),
  )
  return differences(there, wanted)
}

interface LabelEntry {
  readonly kind: LabelsArtefact['kind']
  readonly object: string
  readonly field: 'label' | 'annotation'
  readonly key: string
  readonly value: string
}

function entriesOf(artefacts: readonly LabelsArtefact[]): ReadonlyMap<string, LabelEntry> {
  const entries = artefacts.flatMap(({ kind, object, labels, annotations }) => [
    ...Object.entries(labels).map(([key, value]) => ({ kind, object, field: 'label', key, value }) as const),
    ...Object.entries(annotations).map(([key, value]) => ({ kind, object, field: 'annotation', key, value }) as const),
  ])
  return new Map(entries.map((entry) => [`${entry.kind} ${entry.object} ${entry.field} ${entry.key}`, entry]))
}

type Labelled = Pick<NodeFacts, 'labels' | 'annotations'>

/** Annotations that a capture leaves out are taken for what they should be. */
function valueIn({ field, key, value }: LabelEntry, found: Labelled | undefined): string | undefined {
  if (field === 'label') return found?.labels[key]
  return found?.annotations === undefined ? value : found.annotations[key]
}

function differences(
  before: ReadonlyMap<string, LabelEntry>,
  after: ReadonlyMap<string, LabelEntry>,
): LabelDifference[] {
  const found: LabelDifference[] = []
  for (const id of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [old, next] = [before.get(id), after.get(id)]
    const entry = next ?? old
    if (entry === undefined || old?.value === next?.value) continue
    const { kind, object, field, key } = entry
    found.push({
      effect: old === undefined ? 'create' : next === undefined ? 'remove' : 'change',
      kind,
      object,
      field,
      key,
      ...(old === undefined ? {} : { before: old.value }),
      ...(next === undefined ? {} : { after: next.value }),
      impact: movesPorts,
    })
  }
  return found
}

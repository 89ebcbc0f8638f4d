import { type ArtefactId, type LabelsArtefact, labelsId } from '../../domain/artefact.ts'
import type { ObservedService } from '../../domain/cluster-observation.ts'
import { triggerAnnotation } from '../../k3s/servicelb-labels.ts'
import type { ClusterPlanning, PartOfPlan, StagedStep } from './cluster-planning.ts'
import type { ClusterReport } from './cluster-step.ts'
import { foreignService, untouchable } from './foreign-service.ts'
import { type HeldObject, holdStep } from './hold-fields.ts'
import { includes, isEmpty, joined, noFields, type OurFields } from './our-fields.ts'
import { decideTrigger, flipValue, type TriggerDecision, triggerTimes } from './service-trigger.ts'

export function serviceSteps(planning: ClusterPlanning): PartOfPlan {
  const { observed, entries, wanted } = planning
  const part = { steps: [] as StagedStep[], reports: [] as ClusterReport[], waits: [] as number[] }
  for (const [key, artefact] of wanted.services) {
    if (observed.services.has(key)) continue
    part.reports.push({ id: artefact.id, kind: 'Missing', message: `Service ${key} is not in the cluster` })
  }
  for (const id of entries.keys()) {
    const key = serviceKeyOf(id)
    if (key === undefined || observed.services.has(key)) continue
    part.steps.push({ stage: 'ReleaseServices', step: { kind: 'forget', id } })
  }
  for (const [key, service] of observed.services) {
    const artefact = wanted.services.get(key)
    const held = heldService(artefact?.id ?? labelsId('service-labels', key), service, planning)
    const place = placeOf(service, artefact, held)
    if (place.kind === 'foreign') part.reports.push({ id: held.id, kind: 'Foreign', message: place.message })
    const fields = place.kind === 'ours' ? place.fields : noFields
    planService(key, held, fields, planning, part)
  }
  return part
}

type MutablePart = { readonly [Key in keyof PartOfPlan]: PartOfPlan[Key][number][] }

/** What of a Service has nothing to do with us, which is most of them, is passed by without a thought. */
function planService(
  key: string,
  held: HeldObject,
  fields: OurFields,
  planning: ClusterPlanning,
  part: MutablePart,
): void {
  const { findings, staleForMs, move } = planning
  const finding = findings.get(key)
  if (move === 'on' || move === 'off') {
    planBeforeMove(key, held, fields, planning, part)
    return
  }
  if (isEmpty(fields) && held.entry === undefined && finding?.isStale !== true) return
  const kept = held.entry === undefined && finding?.isStale === true ? untouchable(finding.service) : undefined
  if (kept !== undefined) {
    if (move === 'none') reportKept(key, held.id, kept, staleForMs.get(key) ?? 0, part)
    return
  }
  const decision = decideTrigger({
    finding,
    intended: held.entry?.annotations[triggerAnnotation],
    live: held.live.annotations[triggerAnnotation],
    staleForMs: staleForMs.get(key) ?? 0,
    isSettled: move === 'none',
  })
  if (decision.kind === 'delete' && finding?.daemonSet !== undefined) {
    const { namespace, name, uid, service } = finding.daemonSet
    const fieldsAfter = withTrigger(fields, decision.value)
    const daemonSet = { namespace, name, uid, service }
    part.steps.push({ stage: 'Triggers', step: { kind: 'delete-daemon-set', id: held.id, daemonSet, fieldsAfter } })
    return
  }
  const step = holdStep(held, withTrigger(fields, decision.value))
  // A change of ours is a trigger by itself: how long nothing happened is counted from then on.
  if (step !== undefined) part.steps.push({ stage: stageOf(fields, decision), step })
  else if (decision.kind === 'wait') {
    part.waits.push(decision.forMs)
    part.reports.push({ id: held.id, kind: decision.isGivenUp ? 'Stale' : 'Waiting', message: waitText(key, decision) })
  }
}

/**
 * While the allow-list is on its way, a Service gets its label alone. What makes ServiceLB look comes after: as an
 * intention, written down together with the labels that turn the list on or off.
 */
function planBeforeMove(
  key: string,
  held: HeldObject,
  fields: OurFields,
  { findings, move }: ClusterPlanning,
  part: MutablePart,
): void {
  if (move === 'on' && !isEmpty(fields)) {
    const early = { labels: fields.labels, annotations: {} }
    const step = holdStep(held, early, withTrigger(fields, held.entry?.annotations[triggerAnnotation]))
    if (step !== undefined) part.steps.push({ stage: 'ServicePools', step })
  }
  const finding = findings.get(key)
  if (finding?.daemonSet === undefined) return
  if (held.entry === undefined && untouchable(finding.service) !== undefined) return
  const value = flipValue(finding.daemonSet.uid, move === 'on' ? 'on' : 'off')
  if (held.entry?.annotations[triggerAnnotation] === value) return
  const stage = move === 'on' ? 'Enable' : 'Disable'
  part.steps.push({ stage, step: { kind: 'intend', id: held.id, fields: triggerFields(value) } })
}

/** ServiceLB may mend it by itself a moment later. */
function reportKept(key: string, id: ArtefactId, message: string, staleForMs: number, part: MutablePart): void {
  const leftMs = triggerTimes.patienceMs - staleForMs
  if (leftMs > 0) part.waits.push(leftMs)
  part.reports.push(leftMs > 0 ? { id, kind: 'Waiting', message: lateText(key) } : { id, kind: 'Stale', message })
}

function stageOf(fields: OurFields, decision: TriggerDecision): StagedStep['stage'] {
  if (!isEmpty(fields)) return 'ServicePools'
  return decision.value === undefined ? 'ReleaseServices' : 'Triggers'
}

function waitText(key: string, decision: Extract<TriggerDecision, { kind: 'wait' }>): string {
  return decision.isGivenUp
    ? `the DaemonSet of Service ${key} does not select the nodes that its labels ask for, and ServiceLB does not mend it: look at the log of the cloud controller`
    : lateText(key)
}

function lateText(key: string): string {
  return `ServiceLB has not followed the labels of Service ${key} yet`
}

type Place =
  | { readonly kind: 'ours'; readonly fields: OurFields }
  /** Its owner has set what is asked for, or nothing is. */
  | { readonly kind: 'none' }
  | { readonly kind: 'foreign'; readonly message: string }

/** What became ours before somebody else marked the Service as theirs stays: the labels of several stand beside each other. */
function placeOf(service: ObservedService, artefact: LabelsArtefact | undefined, { live, entry }: HeldObject): Place {
  if (artefact === undefined) return { kind: 'none' }
  const message = entry === undefined ? foreignService(service, artefact.labels) : undefined
  if (message === undefined) return { kind: 'ours', fields: artefact }
  return includes(live, { labels: artefact.labels, annotations: {} }) ? { kind: 'none' } : { kind: 'foreign', message }
}

function heldService(id: ArtefactId, service: ObservedService, { entries }: ClusterPlanning): HeldObject {
  const { namespace, name, uid, resourceVersion, labels, annotations = {} } = service
  const target = { kind: 'Service', namespace, name, uid, resourceVersion } as const
  return { id, target, live: { labels, annotations }, entry: entries.get(id) }
}

function withTrigger(fields: OurFields, value: string | undefined): OurFields {
  return value === undefined ? fields : joined(fields, triggerFields(value))
}

function triggerFields(value: string): OurFields {
  return { labels: {}, annotations: { [triggerAnnotation]: value } }
}

function serviceKeyOf(id: string): string | undefined {
  return id.startsWith('service-labels:') ? id.slice('service-labels:'.length) : undefined
}

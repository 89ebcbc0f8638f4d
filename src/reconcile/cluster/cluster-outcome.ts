import type { ClusterInventory } from '../../domain/cluster-inventory.ts'
import type { ClusterProgram } from '../../domain/program.ts'
import type { Condition, Verdict } from '../../domain/verdict.ts'
import type { ClusterReport, ClusterStep } from '../../plan/cluster/cluster-step.ts'
import type { ClusterPlan } from '../../plan/cluster/plan-cluster.ts'
import { stepText } from '../../plan/cluster/step-text.ts'
import type { PassNotes } from './pass-notes.ts'
import type { SkippedStep } from './skipped-step.ts'

export interface ClusterOutcome {
  readonly verdict: Verdict
  /** `Adopted` and `LabelsApplied`. */
  readonly conditions: readonly Condition[]
  /** What this pass changed; where nobody adopted the cluster, what it would. */
  readonly plan: {
    /** Objects. */
    readonly changes: number
    /** At most twenty lines. */
    readonly summary: readonly string[]
  }
  /** Objects that hold labels or annotations of ours, sorted. */
  readonly inventory: readonly string[]
}

const longestSummary = 20
const longestList = 3

/** Nobody said yes yet: what would be done, and how to say it. */
export function unadoptedOutcome(
  program: ClusterProgram,
  { adoption, entries }: ClusterInventory,
  plan: ClusterPlan,
): ClusterOutcome {
  const steps = plan.stages.flatMap((stage) => stage.steps)
  const counted = summaryOf(steps)
  const reason = adoption === undefined ? 'NotAdopted' : 'AdoptedForAnother'
  const whose =
    adoption === undefined ? 'nobody adopted this cluster' : `this cluster was adopted as ${adoption.cluster}`
  const what = counted.changes === 0 ? 'nothing would change' : `${objects(counted.changes)} would change`
  const message = `${whose}: ${what}; fairlead adopt --cluster-side shows it and lets Fairlead write`
  const adopted: Condition = { type: 'Adopted', status: 'False', reason, message }
  const labels: Condition = {
    type: 'LabelsApplied',
    status: 'Unknown',
    reason,
    message: `${program.cluster} is only looked at`,
  }
  const isIdle = program.labels.length === 0
  return {
    verdict: isIdle
      ? { kind: 'settled', reason, message: 'the repository asks for no labels' }
      : { kind: 'blocked', reason, message },
    conditions: [adopted, labels],
    plan: counted,
    inventory: [...entries.keys()].toSorted(),
  }
}

export function outcomeOf(
  { cluster, labels }: ClusterProgram,
  { entries }: ClusterInventory,
  plan: ClusterPlan,
  notes: PassNotes,
): ClusterOutcome {
  const adopted: Condition = { type: 'Adopted', status: 'True', reason: 'Adopted', message: `adopted as ${cluster}` }
  const verdict = verdictOf(labels.length, plan, notes.skipped)
  const status = verdict.kind === 'settled' ? 'True' : 'False'
  const { reason, message } = verdict
  return {
    verdict,
    conditions: [adopted, { type: 'LabelsApplied', status, reason, message }],
    plan: summaryOf(notes.done),
    inventory: [...entries.keys()].toSorted(),
  }
}

function verdictOf(wanted: number, { reports, revisitAfterMs }: ClusterPlan, skipped: readonly SkippedStep[]): Verdict {
  const failures = skipped.flatMap(({ failure }) => failure ?? [])
  const waits = [...skipped.map(({ waitMs }) => waitMs), ...(revisitAfterMs === undefined ? [] : [revisitAfterMs])]
  const revisit = waits.length === 0 ? {} : { revisitAfterMs: Math.min(...waits) }
  const [first] = worstFirst(reports, skipped)
  if (first === undefined) {
    const message =
      wanted === 0 ? 'the repository asks for no labels' : `${objects(wanted)} carry the labels of the repository`
    return { kind: 'settled', reason: 'LabelsApplied', message, ...revisit }
  }
  if (failures.length > 0) return { kind: 'failed', ...first, failures }
  return { kind: 'pending', ...first, ...revisit }
}

type Told = { readonly reason: string; readonly message: string }

/** What stands in the way, by reason, the gravest first; each with its objects, as far as a sentence has room for them. */
function worstFirst(reports: readonly ClusterReport[], skipped: readonly SkippedStep[]): readonly Told[] {
  const told = [
    ...skipped.map(({ reason, message }) => ({ reason, message })),
    ...reports.map(({ kind, message }) => ({ reason: kind, message })),
  ]
  return reasons.flatMap(({ reason, name }) => {
    const messages = told.filter((one) => one.reason === reason).map(({ message }) => message)
    const sorted = messages.toSorted()
    const more = sorted.length - longestList
    const text = sorted.slice(0, longestList).join('; ')
    return sorted.length === 0 ? [] : [{ reason: name, message: more > 0 ? `${text}; and ${more} more` : text }]
  })
}

const reasons = [
  { reason: 'Refused', name: 'LabelsRefused' },
  { reason: 'Conflict', name: 'LabelsConflict' },
  { reason: 'Contested', name: 'LabelsContested' },
  { reason: 'Moved', name: 'ObjectsMoved' },
  { reason: 'Foreign', name: 'ServiceForeign' },
  { reason: 'Stale', name: 'SelectorStale' },
  { reason: 'Missing', name: 'ObjectMissing' },
  { reason: 'Waiting', name: 'ServiceLBPending' },
] as const

function summaryOf(steps: readonly ClusterStep[]): ClusterOutcome['plan'] {
  const lines: string[] = []
  const changed = new Set<string>()
  for (const step of steps) {
    const text = lines.length > longestSummary && changed.has(step.id) ? undefined : stepText(step)
    if (text === undefined) continue
    changed.add(step.id)
    if (lines.length <= longestSummary) lines.push(text)
  }
  const shown = lines.slice(0, longestSummary - 1)
  const isLong = lines.length > longestSummary
  return { changes: changed.size, summary: isLong ? [...shown, 'and more'] : lines }
}

function objects(count: number): string {
  return count === 1 ? '1 object' : `${count} objects`
}

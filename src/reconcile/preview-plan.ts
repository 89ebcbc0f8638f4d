import type { FileChange, Impact } from '../domain/change.ts'
import type { Drop } from '../domain/drop.ts'
import type { NetworkPlan } from '../domain/network-change.ts'
import type { Problem } from '../domain/problem.ts'
import type { Verdict } from '../domain/verdict.ts'
import { worstImpact } from '../k3s/change-impact.ts'
import type { PlannedNode } from '../plan/plan-node.ts'
import type { LabelDifference } from './preview-labels.ts'

/** What would happen in one cluster, without anything happening. */
export interface ClusterPreview {
  readonly cluster: string
  readonly nodes: readonly NodePreview[]
  readonly labels: readonly LabelDifference[]
  /** Somebody looked at the labels that are there; otherwise the differences are everything that is wanted. */
  readonly labelsCompared: boolean
  /** Warnings and notices. */
  readonly problems: readonly Problem[]
}

export interface NodePreview {
  readonly node: string
  readonly plan: PlannedNode
  readonly drops: readonly Drop[]
  /** What happens to the node's kernel: packet filter, routes, settings. */
  readonly network: NetworkPlan
  /** Why the loop would do none of it. */
  readonly refusal: Verdict | undefined
}

/** How many artefacts a plan touches, by what happens to them. */
export interface PlanSummary {
  readonly create: number
  readonly change: number
  readonly remove: number
  /** Files of somebody else's at our paths: nothing happens to them before `fairlead adopt`. */
  readonly takeover: number
  /** The worst of everything that would be done. */
  readonly impact: Impact
}

export function summarize(clusters: readonly ClusterPreview[]): PlanSummary {
  const files = clusters.flatMap((cluster) => cluster.nodes.flatMap((node) => node.plan.changes))
  const kernel = clusters.flatMap((cluster) => cluster.nodes.flatMap((node) => node.network.changes))
  const labels = clusters.flatMap((cluster) => (cluster.labelsCompared ? cluster.labels : []))
  const effects = [
    ...files.map(effectOf),
    ...kernel.map((change) => change.effect),
    ...labels.map((label) => label.effect),
  ]
  const done = files.filter((change) => change.kind !== 'takeover')
  return {
    create: effects.filter((effect) => effect === 'create').length,
    change: effects.filter((effect) => effect === 'change').length,
    remove: effects.filter((effect) => effect === 'remove').length,
    takeover: effects.filter((effect) => effect === 'takeover').length,
    impact: worstImpact([...done, ...kernel, ...labels].map((change) => change.impact)),
  }
}

export type Effect = 'create' | 'change' | 'remove' | 'takeover'

/** What a change is to people: a restored file is made or changed, an emptied one is on its way out. */
export function effectOf(change: FileChange): Effect {
  switch (change.kind) {
    case 'create':
      return 'create'
    case 'update':
      return 'change'
    case 'restore':
      return change.before === undefined ? 'create' : 'change'
    case 'empty':
    case 'delete':
      return 'remove'
    case 'takeover':
      return 'takeover'
    default:
      return change satisfies never
  }
}

export function pathOfChange(change: FileChange): string {
  return 'after' in change ? change.after.path : change.before.path
}

export function hasChanges(summary: PlanSummary): boolean {
  return summary.create + summary.change + summary.remove + summary.takeover > 0
}

import type { FileChange } from '../domain/change.ts'
import { type ClusterPreview, effectOf, type NodePreview, pathOfChange, summarize } from '../reconcile/preview-plan.ts'

/** What a plan was made against. */
export interface PlanWorld {
  readonly kind: 'machine' | 'capture' | 'revision'
  /** The root, the capture file, or the base revision. */
  readonly name: string
}

/**
 * A plan for programs: `kind: Plan`, stable. It names what changes and never holds contents, which may be secret;
 * `fairlead diff` shows those.
 */
export function planAsJson(clusters: readonly ClusterPreview[], against: PlanWorld): object {
  return {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'Plan',
    against,
    summary: summarize(clusters),
    clusters: clusters.map((cluster) => ({
      cluster: cluster.cluster,
      nodes: cluster.nodes.map(nodeAsJson),
      labels: { compared: cluster.labelsCompared, changes: cluster.labels },
      problems: cluster.problems,
    })),
  }
}

function nodeAsJson({ node, plan, drops, network, refusal }: NodePreview): object {
  return {
    node,
    ...(refusal === undefined ? {} : { refusal: { reason: refusal.reason, message: refusal.message } }),
    changes: plan.changes.map(changeAsJson),
    reported: plan.reported,
    waitingForRestart: plan.waitingFlags.map((file) => file.path),
    drops,
    network,
  }
}

function changeAsJson(change: FileChange): object {
  const after = 'after' in change ? change.after : undefined
  return {
    effect: effectOf(change),
    kind: change.kind,
    id: change.id,
    path: pathOfChange(change),
    cause: change.cause,
    impact: change.impact,
    ...(after === undefined ? {} : { origin: after.origin }),
  }
}

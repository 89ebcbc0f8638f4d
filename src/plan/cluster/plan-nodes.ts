import type { ArtefactId } from '../../domain/artefact.ts'
import type { ObservedNode } from '../../domain/cluster-observation.ts'
import { enableLabel, poolLabel } from '../../k3s/servicelb-labels.ts'
import type { ClusterPlanning, PartOfPlan, StagedStep } from './cluster-planning.ts'
import type { ClusterReport, ClusterStage, ClusterStep } from './cluster-step.ts'
import { type HeldObject, holdStep } from './hold-fields.ts'
import { includes, noFields, type OurFields, without } from './our-fields.ts'
import { triggerTimes } from './service-trigger.ts'

const enabling: OurFields = { labels: { [enableLabel]: '' }, annotations: {} }

export function nodeSteps(planning: ClusterPlanning): PartOfPlan {
  const { observed, entries, wanted } = planning
  const steps: StagedStep[] = []
  const reports: ClusterReport[] = []
  const waits: number[] = []
  const add = (stage: ClusterStage, step: ClusterStep | undefined): void => {
    if (step !== undefined) steps.push({ stage, step })
  }

  for (const [name, artefact] of wanted.nodes) {
    const node = observed.nodes.get(name)
    if (node !== undefined) add(...wantedStep(heldNode(artefact.id, node, planning), artefact, planning))
    else reports.push({ id: artefact.id, kind: 'Missing', message: `Node ${name} is not in the cluster` })
  }
  const pools = stalePools(planning)
  for (const [id, entry] of entries) {
    const name = nodeNameOf(id)
    if (name === undefined || wanted.nodes.has(name)) continue
    const node = observed.nodes.get(name)
    if (node === undefined) add('ReleaseNodes', { kind: 'forget', id })
    else if (planning.move === 'off') add('Disable', holdStep(heldNode(id, node, planning), without(entry, enabling)))
    else {
      const waitMs = pools.get(entry.labels[poolLabel] ?? '') ?? 0
      if (waitMs === 0) add('ReleaseNodes', holdStep(heldNode(id, node, planning), noFields))
      else {
        waits.push(waitMs)
        const message = `Node ${name} keeps its pool until ServiceLB has left it`
        reports.push({ id, kind: 'Waiting', message })
      }
    }
  }
  return { steps, reports, waits }
}

/** Before the allow-list is on, the pool alone: the first node that is enabled takes every Service away from the others. */
function wantedStep(
  held: HeldObject,
  fields: OurFields,
  { move }: ClusterPlanning,
): [ClusterStage, ClusterStep | undefined] {
  if (move !== 'on') return ['NodePools', holdStep(held, fields)]
  const pool = without(fields, enabling)
  const isIn = held.entry !== undefined && includes(held.entry, pool) && includes(held.live, pool)
  return isIn ? ['Enable', holdStep(held, fields)] : ['NodePools', holdStep(held, pool, fields)]
}

function heldNode(
  id: ArtefactId,
  { name, uid, resourceVersion, labels }: ObservedNode,
  { entries }: ClusterPlanning,
): HeldObject {
  const target = { kind: 'Node', name, uid, resourceVersion } as const
  return { id, target, live: { labels, annotations: {} }, entry: entries.get(id) }
}

function nodeNameOf(id: string): string | undefined {
  return id.startsWith('node-labels:') ? id.slice('node-labels:'.length) : undefined
}

/** Pools that a DaemonSet still selects although its Service has left them, and how long to wait for it at most. */
function stalePools({ findings, staleForMs }: ClusterPlanning): ReadonlyMap<string, number> {
  const pools = new Map<string, number>()
  for (const [key, { daemonSet, expected, isStale }] of findings) {
    const pool = daemonSet?.nodeSelector[poolLabel]
    const leftMs = triggerTimes.givenUpMs - (staleForMs.get(key) ?? 0)
    if (!isStale || pool === undefined || expected[poolLabel] === pool || leftMs <= 0) continue
    pools.set(pool, Math.max(pools.get(pool) ?? 0, leftMs))
  }
  return pools
}

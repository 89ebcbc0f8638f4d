import { compareById, type LabelsArtefact, labelsId } from '../../domain/artefact.ts'
import type { ClusterProgram } from '../../domain/program.ts'
import { enableLabel } from '../../k3s/servicelb-labels.ts'
import type { AllowListMove, ClusterPlanInput, ClusterPlanning, StagedStep } from './cluster-planning.ts'
import type { ClusterReport, ClusterStage, ClusterStep } from './cluster-step.ts'
import { nodeSteps } from './plan-nodes.ts'
import { serviceSteps } from './plan-services.ts'
import { isAllowListOn } from './stale-selectors.ts'

export interface ClusterPlan {
  /** Everything that can be done now, by stage, in their order. Only the first stage is true until it is done. */
  readonly stages: readonly { readonly name: ClusterStage; readonly steps: readonly ClusterStep[] }[]
  /** Sorted by object. */
  readonly reports: readonly ClusterReport[]
  /** When time alone makes a difference. */
  readonly revisitAfterMs?: number
}

const stageOrder: readonly ClusterStage[] = [
  'NodePools',
  'ServicePools',
  'Enable',
  'ReleaseServices',
  'Triggers',
  'Disable',
  'ReleaseNodes',
]

/**
 * The way from the cluster as it is to the labels of a program, by what the inventory proves ours. Every pass plans anew
 * from what is there: whoever was killed half-way needs to remember nothing.
 */
export function planCluster(input: ClusterPlanInput): ClusterPlan {
  return planWith(input, moveOf(input))
}

/** All that the labels of a program would change, without the detours of their order: for people, before any of it is done. */
export function previewCluster(input: ClusterPlanInput): ClusterPlan {
  return planWith(input, 'held')
}

function planWith(input: ClusterPlanInput, move: AllowListMove): ClusterPlan {
  const planning: ClusterPlanning = { ...input, wanted: wantedOf(input.program), move }
  const nodes = nodeSteps(planning)
  const services = serviceSteps(planning)
  const steps: readonly StagedStep[] = [...nodes.steps, ...services.steps]
  const byStage = Map.groupBy(steps, ({ stage }) => stage)
  const waits = [...nodes.waits, ...services.waits]
  return {
    stages: stageOrder.flatMap((name) => {
      const members = byStage.get(name) ?? []
      return members.length === 0 ? [] : [{ name, steps: members.map(({ step }) => step).toSorted(compareById) }]
    }),
    reports: [...nodes.reports, ...services.reports].toSorted(compareById),
    ...(waits.length === 0 ? {} : { revisitAfterMs: Math.min(...waits) }),
  }
}

function wantedOf({ labels }: Pick<ClusterProgram, 'labels'>): ClusterPlanning['wanted'] {
  const of = (kind: LabelsArtefact['kind']): ReadonlyMap<string, LabelsArtefact> =>
    new Map(labels.filter((one) => one.kind === kind).map((one) => [one.object, one]))
  return { nodes: of('node-labels'), services: of('service-labels') }
}

/** Labels that others set keep the allow-list on, whatever becomes of ours. */
function moveOf({ program, observed, entries }: ClusterPlanInput): AllowListMove {
  const isOn = isAllowListOn(observed)
  const enables = ({ kind, labels }: LabelsArtefact): boolean => kind === 'node-labels' && enableLabel in labels
  const wanted = program.labels.filter(enables)
  if (!isOn && wanted.length > 0) return wanted.some(({ object }) => observed.nodes.has(object)) ? 'on' : 'held'
  if (!isOn || wanted.length > 0) return 'none'
  const isOurs = (name: string): boolean => {
    const entry = entries.get(labelsId('node-labels', name))
    return entry !== undefined && enableLabel in entry.labels
  }
  const enabled = [...observed.nodes.values()].filter(({ labels }) => enableLabel in labels)
  return enabled.every(({ name }) => isOurs(name)) ? 'off' : 'none'
}

import { type Capture, capturedInventory, capturedObservation } from '../domain/capture.ts'
import { emptyNetworkPlan } from '../domain/network-change.ts'
import type { NodeProgram } from '../domain/program.ts'
import { assessDrops } from '../plan/drops.ts'
import { programChanges } from '../plan/network/program-changes.ts'
import type { PackagedTarget } from '../plan/packaged-target.ts'
import { planNode } from '../plan/plan-node.ts'
import { capturedConfig } from './captured-config.ts'
import type { Compiled } from './compile-revision.ts'
import { planRefusal } from './node-verdict.ts'
import { labelsAgainstFacts } from './preview-labels.ts'
import type { ClusterPreview, NodePreview } from './preview-plan.ts'
import { lockCaptured } from './resolve-secrets.ts'

/** Packaged files are K3s's own; what it staged is no part of a capture. */
const packaged: PackagedTarget = { kind: 'pristine', files: new Map() }

/** What a compiled revision would do to a captured cluster; its nodes are those of the capture. */
export function previewCapture(compiled: Compiled & { readonly kind: 'compiled' }, capture: Capture): ClusterPreview {
  return {
    cluster: compiled.cluster.cluster,
    nodes: compiled.nodes.map((program) => previewNode(program, capture)),
    labels: labelsAgainstFacts(compiled.cluster, capture.facts),
    labelsCompared: true,
    problems: compiled.problems,
  }
}

function previewNode(program: NodeProgram, capture: Capture): NodePreview {
  const observation = capturedObservation(capture, program.node)
  const inventory = capturedInventory(capture, program.node)
  const locked = lockCaptured(program, observation, inventory)
  const input = {
    program: locked.program,
    previous: undefined,
    observation,
    inventory,
    engine: 'k3s',
    packaged,
    config: capturedConfig(observation),
    unreadConfig: [],
    hasK3s: true,
    takenOver: {},
    placeFlags: false,
    restage: false,
    // Long after everything in the capture: a manifest that was emptied before it may go now.
    nowMs: Number.MAX_SAFE_INTEGER,
    k3sUpForMs: Number.MAX_SAFE_INTEGER,
  } as const
  const plan = planNode(input)
  const reported = [...plan.reported, ...locked.reported]
  return {
    node: program.node,
    plan: { ...plan, reported },
    drops: assessDrops(input),
    // A capture does not tell what the kernels hold: everything that is wanted counts as new.
    network: { ...emptyNetworkPlan, changes: programChanges(undefined, program.network) },
    refusal: planRefusal(plan),
  }
}

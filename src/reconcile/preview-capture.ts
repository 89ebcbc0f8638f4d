import { type Capture, capturedInventory, capturedObservation } from '../domain/capture.ts'
import type { NodeProgram } from '../domain/program.ts'
import { assessDrops } from '../plan/drops.ts'
import type { PackagedTarget } from '../plan/packaged-target.ts'
import { planNode } from '../plan/plan-node.ts'
import type { Compiled } from './compile-revision.ts'
import { labelsAgainstFacts } from './preview-labels.ts'
import { type ClusterPreview, type NodePreview, rebuildRefusal } from './preview-plan.ts'

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
  const input = {
    program,
    previous: undefined,
    observation: capturedObservation(capture, program.node),
    inventory: capturedInventory(capture, program.node),
    engine: 'k3s',
    packaged,
    takenOver: {},
    placeFlags: false,
    restage: false,
    // Long after everything in the capture: a manifest that was emptied before it may go now.
    nowMs: Number.MAX_SAFE_INTEGER,
    k3sUpForMs: Number.MAX_SAFE_INTEGER,
  } as const
  const plan = planNode(input)
  return { node: program.node, plan, drops: assessDrops(input), refusal: rebuildRefusal(plan) }
}

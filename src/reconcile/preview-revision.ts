import type { ArtefactId } from '../domain/artefact.ts'
import type { InventoryEntry } from '../domain/inventory.ts'
import { emptyNetworkPlan } from '../domain/network-change.ts'
import { fileMode, type NodeObservation } from '../domain/observation.ts'
import type { NodeProgram } from '../domain/program.ts'
import { programChanges } from '../plan/network/program-changes.ts'
import type { PackagedTarget } from '../plan/packaged-target.ts'
import { planNode } from '../plan/plan-node.ts'
import { sha256Hex } from '../text/digest.ts'
import type { Compiled } from './compile-revision.ts'
import { planRefusal } from './node-verdict.ts'
import { diffLabels } from './preview-labels.ts'
import type { ClusterPreview, NodePreview } from './preview-plan.ts'

type CompiledRevision = Compiled & { readonly kind: 'compiled' }

const packaged: PackagedTarget = { kind: 'pristine', files: new Map() }

/**
 * What one revision changes about another: the plan for machines that are exactly as the older one says.
 * @param before undefined when the cluster was not there, or did not compile
 */
export function previewRevision(
  cluster: string,
  before: CompiledRevision | undefined,
  after: CompiledRevision,
): ClusterPreview {
  return {
    cluster,
    nodes: after.nodes.map((program) =>
      previewNode(
        program,
        before?.nodes.find((old) => old.node === program.node),
      ),
    ),
    labels: diffLabels(before?.cluster, after.cluster),
    labelsCompared: true,
    problems: after.problems,
  }
}

function previewNode(program: NodeProgram, before: NodeProgram | undefined): NodePreview {
  const files = before?.files ?? []
  const plan = planNode({
    program,
    previous: before,
    observation: observationOf(before),
    inventory: { entries: new Map(files.map((file) => [file.id, entryOf(file.id, file.text)])) },
    engine: 'k3s',
    packaged,
    config: undefined,
    unreadConfig: [],
    hasK3s: true,
    takenOver: {},
    // Where a node stages its flags is no part of what a revision changes.
    placeFlags: true,
    restage: false,
    nowMs: Number.MAX_SAFE_INTEGER,
    k3sUpForMs: Number.MAX_SAFE_INTEGER,
  })
  const network = { ...emptyNetworkPlan, changes: programChanges(before?.network, program.network) }
  return { node: program.node, plan, drops: [], network, refusal: planRefusal(plan) }
}

function observationOf(program: NodeProgram | undefined): NodeObservation {
  const files = (program?.files ?? []).map(({ path, text }) => ({
    path,
    type: 'file' as const,
    mode: fileMode,
    ownerUid: 0,
    modifiedAtMs: 0,
    sizeBytes: text.length,
    digest: sha256Hex(text),
    text,
  }))
  return { files: new Map(files.map((file) => [file.path, file])), refusals: [] }
}

function entryOf(id: ArtefactId, text: string): InventoryEntry {
  return { id, digest: sha256Hex(text), revision: '', class: 'program' }
}

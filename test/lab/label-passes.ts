import { type LabelsArtefact, labelsId } from '../../src/domain/artefact.ts'
import type { ClusterProgram } from '../../src/domain/program.ts'
import { enableLabel, poolDigestAnnotation, poolLabel } from '../../src/k3s/servicelb-labels.ts'
import type { KubeEvent } from '../../src/ports/kube-objects-port.ts'
import { ClusterMemory } from '../../src/reconcile/cluster/cluster-memory.ts'
import type { ClusterOutcome } from '../../src/reconcile/cluster/cluster-outcome.ts'
import { convergeCluster } from '../../src/reconcile/cluster/converge-cluster.ts'
import type { LabelCluster } from './label-cluster.ts'

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** A controller that makes one pass after the other over a cluster, and may be killed and started again. */
export class LabelPasses {
  readonly #cluster: LabelCluster
  #memory = new ClusterMemory()
  #nowMs = 1_000_000
  readonly events: KubeEvent[] = []

  constructor(cluster: LabelCluster) {
    this.#cluster = cluster
  }

  async pass(program: ClusterProgram): Promise<ClusterOutcome> {
    const ports = {
      objects: this.#cluster.objects,
      inventory: this.#cluster.inventory,
      memory: this.#memory,
      log: silent,
      clock: { monotonicMs: () => this.#nowMs },
      events: { record: (event: KubeEvent) => void this.events.push(event) },
      observed: () => this.#cluster.observed(),
    }
    return await convergeCluster(program, 'main@sha1:abc', ports, new AbortController().signal)
  }

  advance(ms: number): void {
    this.#nowMs += ms
  }

  /** A pass that ends with the given call of a port, and a new process after it. */
  async killedPass(program: ClusterProgram, call: number): Promise<void> {
    this.#cluster.killAfter = call
    await this.pass(program).catch((error: unknown) => {
      if (!(error instanceof Error) || error.message !== 'killed') throw error
    })
    this.#cluster.killAfter = Number.POSITIVE_INFINITY
    this.#memory = new ClusterMemory()
  }

  /** Passes with K3s between them, a second apart, until one finds nothing to do. */
  async settle(program: ClusterProgram): Promise<ClusterOutcome> {
    let outcome = await this.pass(program)
    for (let second = 0; second < 300; second += 1) {
      this.#cluster.k3s()
      this.advance(1_000)
      outcome = await this.pass(program)
      const isQuiet = outcome.verdict.kind === 'settled' && outcome.plan.changes === 0
      if (isQuiet && second > 2) return outcome
    }
    return outcome
  }
}

/** Pools by name: the nodes and the Services of each. */
export type Pools = Readonly<
  Record<string, { readonly nodes: readonly string[]; readonly services: readonly string[] }>
>

export function poolProgram(pools: Pools): ClusterProgram {
  const labels = Object.entries(pools).flatMap(([pool, { nodes, services }]) => [
    ...nodes.map((name) => nodeLabels(name, pool)),
    ...services.map((object) => serviceLabels(object, pool)),
  ])
  return { apiVersion: 'fairlead.dev/v1alpha1', kind: 'ClusterProgram', cluster: 'home', labels, digest: '' }
}

function nodeLabels(object: string, pool: string): LabelsArtefact {
  const labels = { [enableLabel]: 'true', [poolLabel]: pool }
  return { kind: 'node-labels', id: labelsId('node-labels', object), object, labels, annotations: {}, origin: '' }
}

function serviceLabels(object: string, pool: string): LabelsArtefact {
  const id = labelsId('service-labels', object)
  const annotations = { [poolDigestAnnotation]: `digest-of-${pool}` }
  return { kind: 'service-labels', id, object, labels: { [poolLabel]: pool }, annotations, origin: '' }
}

import type { ClusterAdoption } from '../../domain/cluster-inventory.ts'
import type { ClusterObservation } from '../../domain/cluster-observation.ts'
import type { Facts } from '../../domain/facts.ts'
import type { Problem } from '../../domain/problem.ts'
import { previewCluster } from '../../plan/cluster/plan-cluster.ts'
import { selectorFindings } from '../../plan/cluster/stale-selectors.ts'
import { stepText } from '../../plan/cluster/step-text.ts'
import type { ClusterInventoryPort } from '../../ports/cluster-inventory-port.ts'
import type { RepositoryReader } from '../../ports/repository-port.ts'
import { renderClusterProgram } from '../../render/cluster-program.ts'
import { checkRevision } from '../compile-revision.ts'

export interface LookedAtCluster {
  facts(): Facts
  observed(): ClusterObservation
}

export type AdoptionPreview =
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  | {
      readonly kind: 'preview'
      readonly cluster: string
      /** The adoption that is there, of this cluster's name or of another. */
      readonly before?: ClusterAdoption
      /** One line for each object whose labels would change. */
      readonly changes: readonly string[]
      /** What is asked for and will not be done, each with the reason. */
      readonly reports: readonly string[]
    }

/**
 * What Fairlead would do to the labels of a cluster that it was let loose on; writes nothing.
 * @throws Failure as reading the repository and the inventory do
 */
export async function previewAdoption(
  reader: RepositoryReader,
  clusterDirectory: string,
  cluster: LookedAtCluster,
  inventory: ClusterInventoryPort,
  signal: AbortSignal,
): Promise<AdoptionPreview> {
  const checked = await checkRevision(reader, clusterDirectory, cluster.facts(), signal)
  if (checked.kind === 'refused') return checked
  const program = renderClusterProgram(checked.desired, checked.known)
  const { adoption, entries } = await inventory.read(signal)
  const observed = cluster.observed()
  const findings = selectorFindings(observed)
  const { stages, reports } = previewCluster({ program, observed, entries, findings, staleForMs: new Map() })
  return {
    kind: 'preview',
    cluster: program.cluster,
    ...(adoption === undefined ? {} : { before: adoption }),
    changes: stages.flatMap(({ steps }) => steps.flatMap((step) => stepText(step) ?? [])),
    reports: reports.map(({ message }) => message),
  }
}

/**
 * Lets Fairlead write from now on. What it holds already stays written down: an adoption under another name takes it over.
 * @throws Failure KUBE_NAMESPACE_MISSING before anything of Fairlead is installed; KUBE_STALE
 */
export async function adoptCluster(
  cluster: string,
  inventory: ClusterInventoryPort,
  nowMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { entries } = await inventory.read(signal)
  const adoptedAt = `${new Date(nowMs).toISOString().slice(0, 19)}Z`
  await inventory.write({ adoption: { cluster, adoptedAt }, entries }, signal)
}

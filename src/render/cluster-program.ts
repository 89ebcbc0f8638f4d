import { compareById } from '../domain/artefact.ts'
import type { Facts } from '../domain/facts.ts'
import type { ClusterProgram } from '../domain/program.ts'
import type { DesiredState } from '../schema/documents.ts'
import { sha256Hex } from '../text/digest.ts'
import { renderNodeLabels, renderServiceLabels } from './pool-labels.ts'

/** Everything that must be true in the Kubernetes API. */
export function renderClusterProgram(desired: DesiredState, facts: Facts): ClusterProgram {
  const program = {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'ClusterProgram',
    cluster: desired.cluster.metadata.name,
    labels: [...renderNodeLabels(desired.cluster, facts), ...renderServiceLabels(desired.cluster)].sort(compareById),
  } as const
  return { ...program, digest: sha256Hex(JSON.stringify(program)) }
}

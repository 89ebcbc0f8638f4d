import type { Problem } from '../domain/problem.ts'
import type { DesiredState } from '../schema/documents.ts'
import { clusterFinding } from './finding.ts'

/** A machine is adopted for a cluster by its name; two names for one directory would make that a guess. */
export function lintIdentity(desired: DesiredState): Problem[] {
  const directory = desired.clusterDirectory.slice(desired.clusterDirectory.lastIndexOf('/') + 1)
  const { name } = desired.cluster.metadata
  if (name === directory) return []
  return [
    clusterFinding(desired, ['metadata', 'name'], {
      code: 'CLUSTER_NAME_MISMATCH',
      what: `the cluster is named ${JSON.stringify(name)} and its directory ${JSON.stringify(directory)}`,
      why: 'machines are adopted for a cluster by this name, and reports use it',
      fix: `write name: ${directory}, or rename the directory`,
    }),
  ]
}

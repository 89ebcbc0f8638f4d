import { compareProblems, type Problem } from '../domain/problem.ts'
import type { DesiredState } from '../schema/documents.ts'
import { lintAddressing } from './addressing.ts'
import { lintCharts } from './charts.ts'
import { lintIdentity } from './identity.ts'
import { lintManifests } from './manifests.ts'
import { lintOverlay } from './overlay.ts'
import { lintPools } from './pools.ts'

/** What K3s or Linux would reject, ignore or regret, in documents that are well-formed. */
export function lint(desired: DesiredState): Problem[] {
  return [
    ...lintIdentity(desired),
    ...lintAddressing(desired),
    ...lintOverlay(desired),
    ...lintCharts(desired),
    ...lintPools(desired),
    ...lintManifests(desired),
  ].sort(compareProblems)
}

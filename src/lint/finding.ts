import type { Problem, Severity } from '../domain/problem.ts'
import type { DesiredState, DocumentPath } from '../schema/documents.ts'

interface FindingText {
  readonly code: string
  readonly severity?: Severity
  readonly what: string
  readonly why: string
  readonly fix: string
}

/** A problem at a value of the ClusterNetwork. */
export function clusterFinding(desired: DesiredState, path: DocumentPath, text: FindingText): Problem {
  return { severity: 'error', ...text, ...desired.places.clusterPlace(path) }
}

/** A problem with a manifest as a whole. */
export function manifestFinding(file: string, text: FindingText): Problem {
  return { severity: 'error', ...text, place: { file, line: 1, column: 1 } }
}

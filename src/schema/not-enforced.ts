import type { LocatedLine, Problem } from '../domain/problem.ts'
import type { DocumentKind, DocumentPath } from './documents.ts'
import { printFieldPath } from './field-path.ts'
import { valueAt } from './value-at.ts'

interface UnenforcedField {
  readonly path: readonly string[]
  /** What the reader does until it is. */
  readonly meanwhile: string
}

/** Fields that are read and checked, and that nothing acts on yet. The one list of them. */
const unenforced: Readonly<Record<DocumentKind, readonly UnenforcedField[]>> = {
  ClusterNetwork: [
    { path: ['spec', 'rollout', 'windows'], meanwhile: 'merge changes that restart something inside the window' },
  ],
  NodeNetwork: [],
}

/** A notice at each field of a checked document that says something which this version does not carry out. */
export function unenforcedNotices(
  kind: DocumentKind,
  document: unknown,
  place: (path: DocumentPath) => LocatedLine,
): Problem[] {
  return unenforced[kind].flatMap((field) => {
    const value = valueAt(document, field.path)
    if (isSilent(value)) return []
    return {
      code: 'NOT_ENFORCED',
      severity: 'notice' as const,
      ...place(field.path),
      what: `${printFieldPath(field.path)} is checked, but this version does not act on it yet`,
      why: 'it is part of the language so that repositories need not change later',
      fix: field.meanwhile,
    }
  })
}

/** The paths above as people write them, for the reference page. */
export function unenforcedPaths(kind: DocumentKind): readonly string[] {
  return unenforced[kind].map((field) => printFieldPath(field.path))
}

function isSilent(value: unknown): boolean {
  if (value === undefined || value === null) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

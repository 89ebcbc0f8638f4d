import type { Problem } from '../domain/problem.ts'
import { clusterNetworkSchema } from './cluster-network.ts'
import type { ClusterNetwork, DocumentKind, NodeNetwork } from './documents.ts'
import type { LayeredDocument } from './layered-document.ts'
import { nodeNetworkSchema } from './node-network.ts'
import { schemaMessages } from './problem-messages.ts'

export type Validated<T> =
  | { readonly kind: 'valid'; readonly value: T }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }

/** @param told problems of the same text; what only repeats one of them is left out */
export function validateClusterNetwork(document: LayeredDocument, told: readonly Problem[]): Validated<ClusterNetwork> {
  const parsed = clusterNetworkSchema.safeParse(document.value)
  if (parsed.success) return { kind: 'valid', value: parsed.data }
  return { kind: 'invalid', problems: problemsOf('ClusterNetwork', parsed.error.issues, document, told) }
}

export function validateNodeNetwork(document: LayeredDocument, told: readonly Problem[]): Validated<NodeNetwork> {
  const parsed = nodeNetworkSchema.safeParse(document.value)
  if (parsed.success) return { kind: 'valid', value: parsed.data }
  return { kind: 'invalid', problems: problemsOf('NodeNetwork', parsed.error.issues, document, told) }
}

type Issue = Parameters<typeof schemaMessages>[1]

function problemsOf(
  kind: DocumentKind,
  issues: readonly Issue[],
  document: LayeredDocument,
  told: readonly Problem[],
): Problem[] {
  // A scalar that needs quotes is of the wrong type as well: one mistake, told once.
  const echoes = told.filter((problem) => problem.code === 'AMBIGUOUS_SCALAR').map(placeKey)
  // Of a value of the wrong type the validator still counts the letters.
  const wrongTypes = new Set(issues.filter((issue) => issue.code === 'invalid_type').map(pathKey))
  return issues
    .filter((issue) => issue.code === 'invalid_type' || !wrongTypes.has(pathKey(issue)))
    .flatMap((issue) =>
      schemaMessages(kind, issue, document.value).map(({ path, at, ...text }) => ({
        severity: 'error' as const,
        ...text,
        ...(at === 'key' ? document.keyPlace(path) : document.place(path)),
      })),
    )
    .filter((problem) => !echoes.includes(placeKey(problem)))
}

function pathKey({ path }: Issue): string {
  return path.map(String).join('\n')
}

function placeKey({ place }: Problem): string {
  return `${place.file}:${place.line}:${place.column}`
}

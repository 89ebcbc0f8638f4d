import type { KubernetesObject } from '../../domain/facts.ts'
import { definitionKind, groupKind, namespaceKind } from './order-objects.ts'

/** Why something that nobody wants any more is kept. */
export type PruneObjection =
  /** Its owner said so. */
  | { readonly kind: 'OptedOut'; readonly mark: string }
  /** Everything in it, or of its kind, would go as well. */
  | { readonly kind: 'Unconfirmed' }

/** `disabled` keeps an object; `confirmed` lets a definition or a namespace go. A label or an annotation. */
export const pruneMark = 'fairlead.dev/prune'

/** @returns undefined where nothing stands against it */
export function pruneObjection(
  object: Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>,
): PruneObjection | undefined {
  const { labels = {}, annotations = {} } = object.metadata
  const mark = keepMarks.find(({ key, value }) => hasWord(labels[key], value) || hasWord(annotations[key], value))
  if (mark !== undefined) return { kind: 'OptedOut', mark: `${mark.key}: ${mark.value}` }
  const isConfirmed = labels[pruneMark] === 'confirmed' || annotations[pruneMark] === 'confirmed'
  return takesOthersAlong.has(groupKind(object)) && !isConfirmed ? { kind: 'Unconfirmed' } : undefined
}

const takesOthersAlong = new Set([definitionKind, namespaceKind])

/** Those of other tools mean the same, and people carry them along. */
const keepMarks = [
  { key: pruneMark, value: 'disabled' },
  { key: 'kustomize.toolkit.fluxcd.io/prune', value: 'disabled' },
  { key: 'argocd.argoproj.io/sync-options', value: 'Prune=false' },
  { key: 'helm.sh/resource-policy', value: 'keep' },
] as const

/** Argo CD's options stand in one text, with commas between them. */
function hasWord(text: string | undefined, word: string): boolean {
  return text?.split(',').some((one) => one.trim() === word) === true
}

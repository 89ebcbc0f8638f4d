import type { ManifestKind } from '../domain/manifest-removal.ts'
import type { ObservedFile } from '../domain/observation.ts'
import { readManifestObjects } from '../text/manifest-objects.ts'

/** The kinds that a manifest holds, each once; undefined for what cannot be read. */
export function kindsOfManifest({ path, text }: ObservedFile): readonly ManifestKind[] | undefined {
  if (text === undefined) return undefined
  const { objects } = readManifestObjects(path, text)
  const kinds = new Map(objects.map(({ apiVersion, kind }) => [`${apiVersion} ${kind}`, { apiVersion, kind }]))
  return [...kinds.values()]
}

export function sameKinds(a: readonly ManifestKind[] = [], b: readonly ManifestKind[] = []): boolean {
  return (
    a.length === b.length &&
    a.every(({ apiVersion, kind }, index) => {
      const other = b[index]
      return other?.apiVersion === apiVersion && other.kind === kind
    })
  )
}

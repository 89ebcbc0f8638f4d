import type { KubeObjectsPort } from '../../ports/kube-objects-port.ts'
import type { OwnStores } from './own-stores.ts'
import type { PublishedPrograms } from './published-programs.ts'
import { publishedQuery } from './published-record.ts'

/**
 * The watch may be a moment behind, and permits are decided on what it tells: what the leader before this one wrote last
 * must be known before anything is decided.
 */
export async function catchUp(
  own: OwnStores,
  published: PublishedPrograms,
  objects: KubeObjectsPort,
  signal: AbortSignal,
): Promise<void> {
  const { items } = await objects.list({ ...publishedQuery, metadataOnly: true }, signal)
  for (const { metadata } of items) {
    const { name, namespace } = metadata
    const told = own.programs.version(`${namespace ?? ''}/${name}`)
    if (told?.resourceVersion === metadata.resourceVersion) continue
    const live = await objects.get({ ...publishedQuery, name }, signal)
    if (live !== undefined) published.wrote(name, live)
  }
}

import type { CleanupArtefact } from '../../domain/cleanup.ts'
import type { Leftovers } from '../../domain/leftovers.ts'
import { ownedObjects } from './owned-objects.ts'

type Link = Leftovers['links'][number]

/** Devices of a component, told by their kind as much as by their name: two backends of flannel share `flannel.1`. */
export function linkLeftovers(
  { cleanup, keepDevices }: CleanupArtefact,
  { links }: Leftovers,
): { readonly removed: readonly Link[]; readonly kept: readonly { readonly name: string; readonly reason: string }[] } {
  const owned = ownedObjects[cleanup]
  const removed: Link[] = []
  const kept: { name: string; reason: string }[] = []
  for (const link of links) {
    const isOwn = owned.links.some(({ kind, name }) => kind === link.kind && name.test(link.name))
    const reason = owned.keptLinks.find(
      ({ kind, name }) => (kind === undefined || kind === link.kind) && name.test(link.name),
    )?.reason
    if (isOwn && keepDevices.includes(link.name))
      kept.push({ name: link.name, reason: 'the pod network of now uses it' })
    else if (isOwn) removed.push(link)
    else if (reason !== undefined) kept.push({ name: link.name, reason })
  }
  const bridge =
    cleanup === 'flannel' ? links.find(({ name, kind }) => name === 'cni0' && kind === 'bridge') : undefined
  if (bridge !== undefined) {
    const ports = links.filter(({ master }) => master === bridge.name).length
    if (ports === 0) removed.push(bridge)
    else kept.push({ name: bridge.name, reason: `${ports} pods still hang on it; it goes when they were made anew` })
  }
  return { removed, kept }
}

import type { Adoption } from '../domain/status.ts'

/**
 * What is left of a yes after a pass. A takeover was allowed that one time: the same content later on is somebody else's
 * again. And a K3s is no longer waited for once one ran: where it is uninstalled later, this is no machine of its own.
 *
 * @param used paths that were written
 * @param hasRun a K3s server runs here
 * @returns undefined when nothing changed
 */
export function adoptionAfter(adoption: Adoption, used: readonly string[], hasRun: boolean): Adoption | undefined {
  const isUsed = used.some((path) => path in adoption.takenOver)
  const hasCome = hasRun && adoption.awaitsK3s === true
  if (!isUsed && !hasCome) return undefined
  const { awaitsK3s, ...kept } = adoption
  const takenOver = Object.entries(adoption.takenOver).filter(([path]) => !used.includes(path))
  return {
    ...kept,
    takenOver: Object.fromEntries(takenOver),
    ...(awaitsK3s === true && !hasRun ? { awaitsK3s } : {}),
  }
}

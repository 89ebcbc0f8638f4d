import { Failure } from '../../domain/failure.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { NodeFilesPort } from '../../ports/node-files-port.ts'
import type { ProgramCachePort } from '../../ports/program-cache-port.ts'

interface MarkerPorts {
  readonly files: Pick<NodeFilesPort, 'observeFile' | 'removeFile'>
  readonly cache: Pick<ProgramCachePort, 'readMarkers' | 'writeMarkers'>
  readonly log: LogPort
}

/** Paths of markers, `<manifest>.skip`. */
export interface MarkersTaken {
  readonly taken: readonly string[]
  /** The disk refuses; the record still names them. */
  readonly kept: readonly string[]
}

/**
 * Shows K3s the manifests that an agent had hidden until it would hear from its controller, where none is listened to any
 * more. Only markers that the agent wrote down as its own go: first the files, then the record of them, so that a kill in
 * between leaves nothing that nobody knows of.
 *
 * @throws Failure when the record cannot be read or written
 * @see k3s-packaged-components §2.2 (`.skip`)
 */
export async function takeMarkersAway({ files, cache, log }: MarkerPorts): Promise<MarkersTaken> {
  const markers = await cache.readMarkers()
  if (markers.length === 0) return { taken: [], kept: [] }
  const [taken, kept]: [string[], string[]] = [[], []]
  for (const marker of markers) {
    try {
      const found = await files.observeFile(marker)
      if (found === undefined) continue
      await files.removeFile(marker, found)
      taken.push(marker)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      const { code, where, fix } = error.detail
      log.warn({ code, where, fix }, `K3s still passes over a manifest of ours: ${error.message}`)
      kept.push(marker)
    }
  }
  await cache.writeMarkers(kept)
  if (taken.length > 0) log.info({ taken }, 'manifests that were hidden from K3s are shown to it again')
  return { taken, kept }
}

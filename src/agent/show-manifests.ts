import { openProgramCache } from '../adapters/disk/program-cache.ts'
import { Failure } from '../domain/failure.ts'
import { takeMarkersAway } from '../reconcile/api-source/take-markers-away.ts'
import type { Machine } from './this-machine.ts'

/**
 * For a machine that does not, or no longer, take its program from the API: manifests that were hidden until the API would
 * be heard are shown. A disk that refuses is told, and keeps nothing else from being done.
 */
export async function showManifests({ stateDirectory, files, log }: Machine): Promise<void> {
  try {
    await takeMarkersAway({ files, cache: openProgramCache({ stateDirectory, log }), log })
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const { code, where, fix } = error.detail
    log.error({ code, where, fix }, `manifests that are hidden from K3s stay so: ${error.message}`)
  }
}

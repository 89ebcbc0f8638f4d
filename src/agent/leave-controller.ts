import { openProgramCache } from '../adapters/disk/program-cache.ts'
import { type MarkersTaken, takeMarkersAway } from '../reconcile/api-source/take-markers-away.ts'
import type { Machine } from './this-machine.ts'

/**
 * Cuts what ties this machine to the controller that it had: whom it trusts, the program and its contents, the other API
 * servers, and the markers by which manifests are hidden from K3s. A controller that comes later is met as the first one
 * was. What was written onto the disk for K3s, and that it was adopted, stays known.
 */
export async function leaveController({
  state,
  stateDirectory,
  files,
  log,
}: Pick<Machine, 'state' | 'stateDirectory' | 'files' | 'log'>): Promise<MarkersTaken> {
  const cache = openProgramCache({ stateDirectory, log })
  const markers = await takeMarkersAway({ files, cache, log })
  await cache.forget()
  await state.forgetLastGood()
  return markers
}

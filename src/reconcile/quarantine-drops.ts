import type { Drop } from '../domain/drop.ts'
import { Failure } from '../domain/failure.ts'
import type { NodeObservation } from '../domain/observation.ts'
import type { LogPort } from '../ports/log-port.ts'
import type { NodeFilesPort } from '../ports/node-files-port.ts'

/** A file that somebody is still writing is left alone this long. */
const retryMs = 2_000

export interface Quarantined {
  /** Where the drops were. */
  readonly paths: readonly string[]
  readonly revisitAfterMs?: number
}

/**
 * Moves drops out of the manifests directory where the cluster does not want any. Nothing is ever lost. What has no
 * digest (a link, a device, a file too large to read) stays where it is, and is only reported.
 */
export async function quarantineDrops(
  drops: readonly Drop[],
  observation: NodeObservation,
  ports: { readonly files: NodeFilesPort; readonly log: LogPort },
): Promise<Quarantined> {
  const paths: string[] = []
  let failed = false
  for (const drop of drops.filter((one) => one.handling === 'Quarantine' && one.digest !== '')) {
    try {
      const before = observation.files.get(drop.path)
      if (before === undefined) continue
      const movedTo = await ports.files.quarantineFile(drop.path, before)
      paths.push(drop.path)
      const objects = 'objects that were applied from it stay: K3s prunes nothing for a missing file'
      ports.log.warn({ path: drop.path, movedTo, objects }, 'drop quarantined')
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      failed = true
      ports.log.warn({ path: drop.path, code: error.detail.code }, 'drop could not be quarantined')
    }
  }
  return failed ? { paths, revisitAfterMs: retryMs } : { paths }
}

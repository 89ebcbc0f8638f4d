import { type FileArtefact, fileId } from '../domain/artefact.ts'
import { k3sPaths } from '../k3s/locations.ts'
import { isDeployable, isSkipMarker } from '../k3s/manifest-rules.ts'
import type { DesiredState } from '../schema/documents.ts'

/**
 * What K3s reads in the cluster directory's `manifests/`, as it is; what is encrypted is marked, and stays encrypted. A
 * README or a backup stays in the repository; rule `manifest-ignored` tells of it.
 */
export function renderManifestFiles(desired: DesiredState): FileArtefact[] {
  const read = desired.manifests.filter(({ name }) => isDeployable(name) || isSkipMarker(name))
  return read.map((manifest) => {
    const path = `${k3sPaths.manifests}/${manifest.name}`
    const { text, file: origin } = manifest
    const secrecy = manifest.isEncrypted === true ? ({ secrecy: 'encrypted' } as const) : {}
    return { kind: 'file', id: fileId(path), location: 'manifest', path, text, ...secrecy, origin }
  })
}

import { type FileArtefact, fileId } from '../domain/artefact.ts'
import { k3sPaths } from '../k3s/locations.ts'
import type { DesiredState } from '../schema/documents.ts'

/** Everything in the cluster directory's `manifests/`, as it is; what is encrypted is marked, and stays encrypted. */
export function renderManifestFiles(desired: DesiredState): FileArtefact[] {
  return desired.manifests.map((manifest) => {
    const path = `${k3sPaths.manifests}/${manifest.name}`
    const { text, file: origin } = manifest
    const secrecy = manifest.isEncrypted === true ? ({ secrecy: 'encrypted' } as const) : {}
    return { kind: 'file', id: fileId(path), location: 'manifest', path, text, ...secrecy, origin }
  })
}

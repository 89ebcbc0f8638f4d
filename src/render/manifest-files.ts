import { type FileArtefact, fileId } from '../domain/artefact.ts'
import { k3sPaths } from '../k3s/locations.ts'
import type { DesiredState } from '../schema/documents.ts'

/** Everything in the cluster directory's `manifests/`, as it is. */
export function renderManifestFiles(desired: DesiredState): FileArtefact[] {
  return desired.manifests.map((manifest) => {
    const path = `${k3sPaths.manifests}/${manifest.name}`
    return { kind: 'file', id: fileId(path), location: 'manifest', path, text: manifest.text, origin: manifest.file }
  })
}

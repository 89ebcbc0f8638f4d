import { clusterNetworkSchema } from '../../src/schema/cluster-network.ts'
import type { DesiredState, DocumentPath, ManifestSource } from '../../src/schema/documents.ts'
import { valueAt } from '../../src/schema/value-at.ts'
import { at } from './lint-subject.ts'

/** A checked ClusterNetwork from the parts of `spec` that a test is about. */
export function desiredState(
  spec: Readonly<Record<string, unknown>> = {},
  manifests: readonly ManifestSource[] = [],
): DesiredState {
  const written = {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'ClusterNetwork',
    metadata: { name: 'home' },
    spec: { k3sVersion: 'v1.33.4+k3s1', ...spec },
  }
  const cluster = clusterNetworkSchema.parse(written)
  return {
    cluster,
    nodes: [],
    manifests,
    vendored: [],
    charts: [],
    clusterDirectory: 'clusters/home',
    places: {
      clusterPlace: (path) => at(`clusters/home/network.yaml#${writtenPart(written, path).join('.')}`),
      nodePlace: (name, path) => at(`${name}#${path.join('.')}`),
    },
  }
}

/** A default has the place of its nearest written parent. */
function writtenPart(document: unknown, path: DocumentPath): DocumentPath {
  const missing = path.findIndex((_, index) => valueAt(document, path.slice(0, index + 1)) === undefined)
  return missing < 0 ? path : path.slice(0, missing)
}

export function manifest(name: string, text: string): ManifestSource {
  return { name, text, file: `clusters/home/manifests/${name}` }
}

export const server = { name: 'pi-1', role: 'server', labels: {}, addresses: [] } as const
export const agent = { name: 'pi-2', role: 'agent', labels: { role: 'edge' }, addresses: [] } as const

import { clusterNetworkSchema } from '../../src/schema/cluster-network.ts'
import type { DesiredState, ManifestSource } from '../../src/schema/documents.ts'

/** A checked ClusterNetwork from the parts of `spec` that a test is about. */
export function desiredState(
  spec: Readonly<Record<string, unknown>> = {},
  manifests: readonly ManifestSource[] = [],
): DesiredState {
  const cluster = clusterNetworkSchema.parse({
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'ClusterNetwork',
    metadata: { name: 'home' },
    spec: { k3sVersion: 'v1.33.4+k3s1', ...spec },
  })
  return {
    cluster,
    nodes: [],
    manifests,
    vendored: [],
    charts: [],
    clusterDirectory: 'clusters/home',
    places: {
      clusterPlace: (path) => ({ place: { file: `clusters/home/network.yaml#${path.join('.')}`, line: 1, column: 1 } }),
      nodePlace: (name, path) => ({ place: { file: `${name}#${path.join('.')}`, line: 1, column: 1 } }),
    },
  }
}

export function manifest(name: string, text: string): ManifestSource {
  return { name, text, file: `clusters/home/manifests/${name}` }
}

export const server = { name: 'pi-1', role: 'server', labels: {}, addresses: [] } as const
export const agent = { name: 'pi-2', role: 'agent', labels: { role: 'edge' }, addresses: [] } as const

import { type FileArtefact, fileId } from '../domain/artefact.ts'
import { k3sPaths } from '../k3s/locations.ts'
import type { ClusterNetwork } from '../schema/documents.ts'
import { toYaml } from '../text/yaml-print.ts'

/**
 * The ConfigMap that the packaged CoreDNS imports: `*.server` beside its own server block, `*.override` inside. K3s never
 * writes or deletes it.
 * @see k3s-io/k3s manifests/coredns.yaml
 */
export function renderCorednsCustom(network: ClusterNetwork): FileArtefact | undefined {
  const { enabled, custom } = network.spec.components.coredns
  if (!enabled || Object.keys(custom).length === 0) return undefined
  const path = `${k3sPaths.manifests}/fairlead-coredns-custom.yaml`
  const text = toYaml({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'coredns-custom', namespace: 'kube-system' },
    data: custom,
  })
  return { kind: 'file', id: fileId(path), location: 'manifest', path, text, origin: 'spec.components.coredns.custom' }
}

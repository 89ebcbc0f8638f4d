import type { ClusterNetwork, DesiredState, ManifestSource } from '../../schema/documents.ts'
import { type ManifestPatch, patchManifest } from '../../text/manifest-patch.ts'
import { toYaml } from '../../text/yaml-print.ts'
import type { InstalledPlugin } from './plugin-charts.ts'
import { pluginPatches } from './plugin-patches.ts'

export interface PatchedManifest {
  readonly source: ManifestSource
  readonly text: string
  /** What could not be set, because the manifest has no such place. */
  readonly missing: readonly ManifestPatch[]
}

/** The vendored manifest that the documents name, set for this cluster; undefined where the file is not there. */
export function pluginManifest(
  desired: DesiredState,
  plugin: InstalledPlugin,
  file: string,
): PatchedManifest | undefined {
  const known = patched.get(desired)
  if (known !== undefined) return known
  const source = desired.vendored.find(({ name }) => name === file)
  if (source === undefined) return undefined
  const { text, missing } = patchManifest(source.text, pluginPatches(plugin, desired.cluster, source.text))
  const manifest = { source, ...withApiServer(plugin, desired.cluster, text), missing }
  patched.set(desired, manifest)
  return manifest
}

/** A manifest is a third of a megabyte, and every server of a cluster gets the same one. */
const patched = new WeakMap<DesiredState, PatchedManifest>()

const endpointObject = { kind: 'ConfigMap', name: 'kubernetes-services-endpoint' } as const

/**
 * Calico and Canal read the address of the API server from a ConfigMap that their manifests name and do not hold.
 * @see projectcalico/calico manifests/calico.yaml (`envFrom` of calico-node)
 */
function withApiServer(plugin: InstalledPlugin, network: ClusterNetwork, text: string): { readonly text: string } {
  const { apiServer } = network.spec.cni
  if (apiServer === undefined || plugin === 'cilium') return { text }
  const data = { KUBERNETES_SERVICE_HOST: apiServer.host, KUBERNETES_SERVICE_PORT: String(apiServer.port) }
  const written = patchManifest(
    text,
    Object.entries(data).map(([key, value]): ManifestPatch => ({ kind: 'data', object: endpointObject, key, value })),
  )
  if (written.missing.length === 0) return { text: written.text }
  const endpoint = toYaml({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: endpointObject.name, namespace: 'kube-system' },
    data,
  })
  return { text: `${text.endsWith('\n') ? text : `${text}\n`}---\n${endpoint}` }
}

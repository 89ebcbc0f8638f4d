import { renderCniManifests } from '../../../src/render/cni/cni-manifests.ts'
import { cniManifestProblems } from '../../../src/render/cni/cni-problems.ts'
import type { DesiredState } from '../../../src/schema/documents.ts'
import { unifiedDiff } from '../../../src/text/line-diff.ts'
import { desiredState } from '../../lab/desired-state.ts'

export const dualStack = { clusterCIDR: ['10.50.0.0/16', 'fd00:50::/56'] } as const
export const ipv6Only = { clusterCIDR: ['fd00:50::/56'] } as const

/** A cluster whose `cni/` holds one manifest, `plugin.yaml`. */
export function vendored(spec: Readonly<Record<string, unknown>>, text: string): DesiredState {
  const file = { name: 'plugin.yaml', text, file: 'clusters/home/cni/plugin.yaml' }
  return { ...desiredState(spec), vendored: [file] }
}

/** The text of one rendered file; empty where there is none. */
export function rendered(desired: DesiredState, name: string): string {
  const path = `/var/lib/rancher/k3s/server/manifests/${name}.yaml`
  return renderCniManifests(desired).find((file) => file.path === path)?.text ?? ''
}

/** The lines that the rendered manifest of the plugin has and the vendored one has not, and the other way round. */
export function changes(desired: DesiredState): string[] {
  const before = desired.vendored[0]?.text ?? ''
  return unifiedDiff('m.yaml', before, rendered(desired, 'fairlead-cni'))
    .split('\n')
    .filter((line) => /^[+-](?![+-]{2} )/.test(line))
}

export function codes(desired: DesiredState): string[] {
  return cniManifestProblems(desired).map(({ code, severity, place }) => `${severity} ${code} ${place.file}`)
}

import type { PackagedSelection } from '../../domain/program.ts'
import { k3sPaths } from '../locations.ts'
import { disabledBy } from '../manifest-rules.ts'
import { substituteVariables } from '../template-variables.ts'
import { corednsManifest } from './coredns-manifest.ts'
import { traefikManifest } from './traefik-manifest.ts'

const manifests: Readonly<Record<string, string>> = {
  'coredns.yaml': corednsManifest,
  'traefik.yaml': traefikManifest,
}

/** What is staged where no K3s is on the machine: path → content, without the disabled ones. */
export function packagedBundle(selection: PackagedSelection): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(manifests)
      .filter(([name]) => disabledBy(name, selection.disabled) === undefined)
      .map(([name, manifest]) => [`${k3sPaths.manifests}/${name}`, substituteVariables(manifest, selection)]),
  )
}

import type { FileArtefact } from '../domain/artefact.ts'
import type { Impact } from '../domain/change.ts'
import type { NodeConfigReading } from '../domain/k3s-config-reading.ts'
import type { ObservedFile } from '../domain/observation.ts'
import { configKeyImpact, worstImpact } from '../k3s/change-impact.ts'
import { inPlacePath, locationOf } from '../k3s/locations.ts'
import { changedFlags } from './flag-check.ts'

const harmless: Impact = { kind: 'None', reason: 'no traffic notices' }
const firstFlags: Impact = { kind: 'K3sRestart', reason: 'K3s reads its flags when it starts' }
const repairedFlags: Impact = { kind: 'None', reason: 'K3s still runs with these flags' }
const flannelOptions: Impact = { kind: 'DataPlaneOutage', reason: 'the pod network restarts with other options' }
const traefikValues: Impact = { kind: 'PodRestart', reason: 'Helm upgrades Traefik and its pods roll' }
const chartValues: Impact = { kind: 'PodRestart', reason: 'Helm upgrades the chart and its pods roll' }
const dnsZones: Impact = { kind: 'None', reason: 'CoreDNS reloads its custom zones within two minutes' }
const podNetwork: Impact = {
  kind: 'DataPlaneOutage',
  reason: 'the plugin of the pod network is upgraded on every node',
}
const firstPodNetwork: Impact = { kind: 'None', reason: 'nodes get their pod network' }
const objects: Impact = { kind: 'None', reason: 'the objects of the manifest are applied; what they do is theirs' }

/**
 * What it costs to make a file say `after`.
 * @param before what it said, or was told to say, in place; undefined when it is new
 * @param config what else tells a K3s that is installed how to run; absent where nobody knows
 */
export function artefactImpact(before: string | undefined, after: FileArtefact, config?: NodeConfigReading): Impact {
  if (after.location === 'flannel-conf') return before === undefined ? firstFlags : flannelOptions
  if (after.location === 'k3s-config') return flagsImpact(before, after.text, config)
  if (after.path.endsWith('/fairlead-traefik.yaml')) return traefikValues
  if (after.path.endsWith('/fairlead-cni.yaml')) return before === undefined ? firstPodNetwork : podNetwork
  if (after.path.endsWith('/fairlead-coredns-custom.yaml')) return dnsZones
  if (after.origin.startsWith('spec.helmChartConfigs')) return chartValues
  return objects
}

/** Putting back what was there: K3s runs with it, or has applied it already. */
export function repairImpact(after: FileArtefact): Impact {
  return after.location === 'manifest' ? artefactImpact(undefined, after) : repairedFlags
}

export function removalImpact(before: ObservedFile, config: NodeConfigReading | undefined): Impact {
  // What was only staged was never in force.
  if (inPlacePath(before.path) !== before.path) return harmless
  const location = locationOf(before.path)
  if (location === 'k3s-config') return flagsImpact(before.text ?? '', '', config)
  return location === 'flannel-conf' ? flannelOptions : harmless
}

/**
 * What a drop-in costs: the worst of the flags that it changes. Of a first one beside flags that nobody knows, no more is
 * said than that K3s reads it.
 */
export function flagsImpact(before: string | undefined, after: string, config: NodeConfigReading | undefined): Impact {
  if (before === undefined && config === undefined) return firstFlags
  const impacts = changedFlags(before, after, config).map((key) => nameKey(key, configKeyImpact(key)))
  return worstImpact(before === undefined ? [firstFlags, ...impacts] : impacts)
}

function nameKey(key: string, impact: Impact): Impact {
  return { kind: impact.kind, reason: `${key}: ${impact.reason}` }
}

import { formatAddress, parseCidr } from '../../domain/cidr.ts'
import type { ClusterNodes } from '../../domain/facts.ts'
import type { HostReading } from '../../domain/host.ts'
import { addressingDefaults } from '../../k3s/addressing-defaults.ts'
import { annotatedSettings } from '../../k3s/config/annotated-settings.ts'
import { type EffectiveSettings, itemsOf } from '../../k3s/config/effective-settings.ts'
import { k3sPaths } from '../../k3s/locations.ts'
import type { CleanupEvidence } from '../../plan/cleanups/evidence.ts'
import { viewMachine } from '../machine-subject.ts'

export interface GatheredEvidence {
  readonly k3sArguments: readonly string[] | undefined
  readonly evidence: Omit<CleanupEvidence, 'vouched'>
  /** Networks of the pods, where the K3s that runs says them. */
  readonly clusterCIDRs: readonly string[]
  /** The Service of the API server: the first address of its range. */
  readonly apiService: string | undefined
}

export interface EvidenceInput {
  readonly reading: HostReading
  /** Of the cluster that the machine belongs to, where it could be asked. */
  readonly cluster?: ClusterNodes
  /** What the machine is called there; found in its flags and its host name unless told. */
  readonly name?: string
  /** When a file or directory was written, renamed or given other rights; undefined where there is none. */
  readonly changedAtMs: (path: string) => number | undefined
}

const backendAnnotation = 'flannel.alpha.coreos.com/backend-type'

/** What this machine and its cluster say about what runs here. */
export function evidenceOf({ reading, cluster, name: told, changedAtMs }: EvidenceInput): GatheredEvidence {
  const view = viewMachine({
    reading,
    ...(cluster === undefined ? {} : { facts: { ...cluster, services: [] } }),
    ...(told === undefined ? {} : { name: told }),
  })
  const { name, role } = view.node
  const own = cluster?.nodes.find((node) => node.name === name)
  const annotated = own === undefined ? undefined : annotatedSettings(own)
  const fromFiles =
    view.unreadConfig.length === 0 && isOlderThanK3s(reading, changedAtMs) ? view.node.settings : undefined
  const settings = reading.process === undefined ? undefined : (annotated ?? fromFiles)
  const peers = cluster?.nodes.filter((node) => node.name !== name)
  const backends = peers?.flatMap(({ annotations }) => annotations?.[backendAnnotation] ?? [])
  return {
    k3sArguments: settings === undefined ? undefined : argumentsInForce(role, settings),
    clusterCIDRs: clusterCIDRs(role, settings),
    apiService: apiService(settings),
    // Only where this machine was found among the nodes is it their cluster.
    evidence: own === undefined || backends === undefined ? {} : { peerBackends: new Set(backends) },
  }
}

/** The flags in force as `Leftovers.k3sArguments` has them. */
export function argumentsInForce(role: 'server' | 'agent', settings: EffectiveSettings): readonly string[] {
  const flags = [...settings.keys()].flatMap((key) => itemsOf(settings, key).map(({ text }) => `--${key}=${text}`))
  return [role, ...flags]
}

/**
 * K3s hides its arguments once it is up, and reads its files when it starts: what they say is what it was told as long
 * as none of them was touched since.
 */
export function isOlderThanK3s(
  { files, process }: Pick<HostReading, 'files' | 'process'>,
  changedAtMs: EvidenceInput['changedAtMs'],
): boolean {
  const startedAtMs = process?.startedAtMs
  if (startedAtMs === undefined) return false
  // A drop-in that was taken away shows in its directory alone.
  const paths = [k3sPaths.configDropIns, ...[...files.keys()].filter((path) => configuring.test(path))]
  return paths.every((path) => (changedAtMs(path) ?? 0) < startedAtMs)
}

const configuring =
  /^\/etc\/(rancher\/k3s\/config\.yaml|systemd\/system\/k3s|init\.d\/k3s|rancher\/k3s\/k3s\.env|default\/k3s|sysconfig\/k3s)/

/** An agent is told the networks by its server; without it rules and routes that have no name are not recognised. */
function clusterCIDRs(role: 'server' | 'agent', settings: EffectiveSettings | undefined): readonly string[] {
  if (settings === undefined || role === 'agent') return []
  const written = itemsOf(settings, 'cluster-cidr').map(({ text }) => text)
  return written.length === 0 ? addressingDefaults.clusterCIDR : written
}

function apiService(settings: EffectiveSettings | undefined): string | undefined {
  const written = settings === undefined ? undefined : itemsOf(settings, 'service-cidr')[0]?.text
  const cidr = parseCidr(written ?? addressingDefaults.serviceCIDR[0])
  return cidr === undefined ? undefined : formatAddress({ family: cidr.family, value: cidr.network + 1n })
}

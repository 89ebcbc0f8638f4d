import { type Cidr, familyOf } from '../../domain/cidr.ts'
import { withoutTrailingSlashes } from '../../domain/plain-path.ts'
import type { LocatedLine } from '../../domain/problem.ts'
import type { Result } from '../../domain/result.ts'
import { addressingDefaults } from '../../k3s/addressing-defaults.ts'
import { isSwitchedOn, itemsOf, scalarOf } from '../../k3s/config/effective-settings.ts'
import { findFlag, flagState } from '../../k3s/flags/flag-catalogue.ts'
import type { FlannelConf } from '../../k3s/flannel/flannel-conf.ts'
import { generatedFlannelConf } from '../../k3s/flannel/generated-flannel-conf.ts'
import { type FlannelConfProblem, readFlannelConf } from '../../k3s/flannel/read-flannel-conf.ts'
import { k3sPaths } from '../../k3s/locations.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import type { LintSubject, NodeSubject, TextSubject } from '../subject.ts'
import { rangesOf } from './ranges.ts'

/** What the servers say about pods and Services; agents learn it from them. */
export interface PodNetwork {
  /** Value of `flannel-backend`, without `=options`. */
  readonly backend: string
  /** What turns flannel off, where something does. */
  readonly offBy?: 'no-flannel' | 'flannel-backend'
  /** Where that is written; the server where it is not. */
  readonly at: LocatedLine
  readonly clusterCidrs: readonly Cidr[]
  readonly serviceCidrs: readonly Cidr[]
}

/** The ranges that K3s takes when nothing is written and the first node address is IPv6. */
const ipv6Defaults = { clusterCIDR: ['fd00:42::/56'], serviceCIDR: ['fd00:43::/112'] } as const

/**
 * The network as the first server has it; that servers differ is found by other rules.
 * @returns undefined where no server is known, as on the machine of an agent
 */
export function podNetworkOf(subject: LintSubject): PodNetwork | undefined {
  const server = subject.nodes.find((node) => node.role === 'server')
  if (server === undefined) return undefined
  const network = networks.get(server) ?? networkOfServer(server, server.version ?? subject.version)
  networks.set(server, network)
  return network
}

/** Asked for every node by many rules. */
const networks = new WeakMap<NodeSubject, PodNetwork>()

function networkOfServer(server: NodeSubject, version: K3sVersion | undefined): PodNetwork {
  const { settings } = server
  const written = scalarOf(settings, 'flannel-backend')
  const off = isSwitchedOn(settings, 'no-flannel') && !skipsNoFlannel(version)
  const firstAddress = itemsOf(settings, 'node-ip')[0]?.text ?? server.facts.addresses[0] ?? ''
  const defaults = familyOf(firstAddress) === 6 ? ipv6Defaults : addressingDefaults
  const ranges = (key: string, fallback: readonly string[]): readonly Cidr[] => {
    const items = itemsOf(settings, key).map((item) => item.text)
    return rangesOf(items.length === 0 ? fallback : items)
  }
  const backend = off ? 'none' : written?.text.trim().replace(/=.*/s, '') || 'vxlan'
  return {
    backend,
    ...(backend === 'none' ? { offBy: off ? 'no-flannel' : 'flannel-backend' } : {}),
    at: (off ? scalarOf(settings, 'no-flannel')?.at : written?.at) ?? server.at,
    clusterCidrs: ranges('cluster-cidr', defaults.clusterCIDR),
    serviceCidrs: ranges('service-cidr', defaults.serviceCIDR),
  }
}

/** From 1.26 on a server passes over `no-flannel` with a line in its log, and runs flannel. */
function skipsNoFlannel(version: K3sVersion | undefined): boolean {
  const flag = findFlag('no-flannel')
  return flag !== undefined && version !== undefined && flagState(flag, version) === 'removed'
}

/**
 * flannel's configuration on a node: its own file, or what K3s generates; on an agent's machine what K3s generated at
 * its last start.
 * @returns undefined without flannel, and where nobody can tell: a file that is not known, a VPN
 */
export function flannelConfOf(subject: LintSubject, node: NodeSubject): FlannelConf | undefined {
  const { settings, host } = node
  if (hasVpn(node)) return undefined
  const network = podNetworkOf(subject)
  if (network?.backend === 'none') return undefined
  if (scalarOf(settings, 'flannel-conf') !== undefined) {
    const reading = node.flannelConf === undefined ? undefined : readingOf(node.flannelConf)
    return reading?.ok === true ? reading.value : undefined
  }
  if (network !== undefined) {
    return generatedFlannelConf(
      network.backend,
      network.clusterCidrs.map((cidr) => cidr.text),
    )
  }
  const generated = host?.files.get(`${dataDirOf(node)}/agent/etc/flannel/net-conf.json`)?.text
  const reading = generated === undefined ? undefined : readFlannelConf(generated)
  return reading?.ok === true ? reading.value : undefined
}

export function hasVpn({ settings }: NodeSubject): boolean {
  return settings.has('vpn-auth') || settings.has('vpn-auth-file')
}

export function dataDirOf({ settings }: NodeSubject): string {
  return withoutTrailingSlashes(scalarOf(settings, 'data-dir')?.text ?? '') || k3sPaths.dataDir
}

/** The families that pods have, first one first. */
export function podFamilies({ clusterCidrs }: PodNetwork): readonly (4 | 6)[] {
  return clusterCidrs.map((cidr) => cidr.family)
}

export interface ConfSubject {
  readonly node: NodeSubject
  readonly file: TextSubject
  readonly reading: Result<FlannelConf, readonly FlannelConfProblem[]>
}

/** The flannel-conf files of all nodes that are known, read. */
export function confFilesOf(subject: LintSubject): readonly ConfSubject[] {
  return subject.nodes.flatMap((node) =>
    node.flannelConf === undefined ? [] : [{ node, file: node.flannelConf, reading: readingOf(node.flannelConf) }],
  )
}

/** The same file is looked at by a dozen rules. */
const readings = new WeakMap<TextSubject, ReturnType<typeof readFlannelConf>>()

function readingOf(file: TextSubject): ReturnType<typeof readFlannelConf> {
  const known = readings.get(file) ?? readFlannelConf(file.text)
  readings.set(file, known)
  return known
}

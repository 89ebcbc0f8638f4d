import type { LocatedLine } from '../../domain/problem.ts'
import { isSwitchedOn, scalarOf } from '../../k3s/config/effective-settings.ts'
import type { ReleaseFloors } from '../../k3s/version/release-floors.ts'
import { isWithin } from '../../k3s/version/release-floors.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'
import { cniConfFindings } from './cni-conf.ts'
import { generatedFileFindings } from './generated-files.ts'
import { internalAddresses, knowsNodes } from './node-addresses.ts'
import { flannelConfOf, podNetworkOf } from './pod-network.ts'
import { commonBits, holdsAddress, rangesOf } from './ranges.ts'
import { addressOfInterface, underlayOf } from './underlay.ts'
import { unusedOptionFindings } from './unused-options.ts'

/** @see k3s-io/docs docs/cli/server.md; k3s-networking §1.3 */
export const externalIpSince: ReleaseFloors = ['1.23.13', '1.24.7', '1.25.3']
const wireguardNativeSince: ReleaseFloors = ['1.21.12', '1.22.9', '1.23.6']

/** The backend itself: what it ignores, what it needs of the machines, what a change of it leaves behind. */
export const backendRules: readonly Rule[] = [
  {
    id: 'fln-conf-with-none',
    severity: 'error',
    title: 'flannel files for a cluster without flannel',
    why: 'with flannel-backend none K3s starts no flannel and reads none of its files',
    fix: 'take the option away, or choose a flannel backend',
    versions: 'every version',
    looksAt: ['settings'],
    sources: ['k3s-io/k3s pkg/agent/config/config.go'],
    check: (subject) => (podNetworkOf(subject)?.backend === 'none' ? subject.nodes.flatMap(optionsWithNone) : []),
  },
  {
    id: 'fln-options-unused',
    severity: 'warning',
    title: 'flannel options that nothing reads',
    why: 'nothing reads them',
    fix: 'take them away, or choose the plugin and the backend that they are for',
    versions: 'every version',
    looksAt: ['settings'],
    sources: ['k3s-io/k3s pkg/agent/flannel/setup.go', 'k3s-io/docs docs/networking/basic-network-options.md'],
    check: ({ desired }) => (desired === undefined ? [] : unusedOptionFindings(desired)),
  },
  {
    id: 'fln-conf-unmanaged-edit',
    severity: 'error',
    title: 'a hand-made change in a file that K3s generates',
    why: 'K3s writes net-conf.json and 10-flannel.conflist anew at every start: the change lasts until then',
    fix: 'put the options into spec.cni.flannel, or into files of your own that flannel-conf and flannel-cni-conf name',
    versions: 'every version',
    looksAt: ['host'],
    sources: ['k3s-io/k3s pkg/agent/flannel/setup.go'],
    check: (subject) => subject.nodes.flatMap((node) => generatedFileFindings(subject, node)),
  },
  {
    id: 'fln-hostgw-l2',
    severity: 'error',
    title: 'host-gw between nodes that are not on one link',
    why: "a route needs a next hop that answers on the node's own link; pods of the other nodes stay unreachable",
    fix: 'use vxlan (with directRouting where some nodes do share a link) or wireguard-native',
    versions: 'every version',
    looksAt: ['settings', 'live', 'host'],
    sources: ['flannel-io/flannel Documentation/backends.md', 'flannel-io/flannel pkg/backend/hostgw'],
    check: (subject) => (isHostGateway(subject) ? [...distantNodes(subject), ...offLinkNodes(subject)] : []),
  },
  {
    id: 'fln-hostgw-external',
    severity: 'error',
    title: 'host-gw over external addresses',
    why: 'flannel refuses host-gw on a node whose public address is not that of its interface, and K3s stops with it',
    fix: 'turn flannel-external-ip off, or use wireguard-native',
    versions: '1.23.13 / 1.24.7 / 1.25.3 and later',
    looksAt: ['settings'],
    sources: ['flannel-io/flannel pkg/backend/hostgw/hostgw.go'],
    check: (subject) => {
      if (!isHostGateway(subject) || !knowsExternalIp(subject)) return []
      return serversOf(subject).flatMap(({ settings }) => {
        const option = scalarOf(settings, 'flannel-external-ip')
        if (option === undefined || !isSwitchedOn(settings, 'flannel-external-ip')) return []
        return [{ at: option.at, what: 'flannel-external-ip is on and the backend is host-gw' }]
      })
    },
  },
  {
    id: 'fln-wg-kernel',
    severity: 'warning',
    title: 'WireGuard on a kernel that does not contain it',
    why: 'WireGuard is part of Linux since 5.6; on an older one flannel needs a module from elsewhere and fails without it',
    fix: "install the distribution's WireGuard module, or use another backend",
    versions: '1.21.12 / 1.22.9 / 1.23.6 and later',
    looksAt: ['host', 'settings'],
    sources: ['k3s-io/docs docs/networking/basic-network-options.md'],
    check: (subject) => subject.nodes.flatMap((node) => oldKernelFindings(subject, node)),
  },
  {
    id: 'fln-cni-portmap',
    severity: 'error',
    title: 'a CNI configuration without the portmap plugin',
    why: 'host ports are its work: ServiceLB and every hostPort stop answering for pods that start from now on',
    fix: 'keep { "type": "portmap", "capabilities": { "portMappings": true } } in the list of plugins',
    versions: 'every version',
    looksAt: ['host'],
    sources: ['k3s-io/k3s pkg/agent/flannel/setup.go'],
    check: (subject) => subject.nodes.flatMap(cniConfFindings),
  },
]

/** Whether this is known to be a release with `flannel-external-ip`. */
export function knowsExternalIp({ version }: LintSubject): boolean {
  return version !== undefined && isWithin({ since: externalIpSince }, version)
}

function optionsWithNone({ settings }: NodeSubject): readonly Finding[] {
  const found = (key: string): LocatedLine | undefined => scalarOf(settings, key)?.at
  const files = ['flannel-conf', 'flannel-cni-conf'].flatMap((key) => {
    const at = found(key)
    return at === undefined ? [] : [{ at, what: `${key} is set and flannel-backend is none` }]
  })
  const at = found('flannel-iface')
  if (at === undefined) return files
  const what = 'flannel-iface is set and flannel-backend is none'
  const why = 'K3s still derives node-ip from that interface; nothing else comes of it'
  const fix = 'say node-ip instead'
  return [...files, { at, what, why, fix, severity: 'warning' }]
}

function isHostGateway(subject: LintSubject): boolean {
  return subject.nodes.some((node) => flannelConfOf(subject, node)?.backend.type === 'host-gw')
}

/** Without netmasks only great distances are certain: no link is wider than a /8, or a /32 of IPv6. */
function distantNodes(subject: LintSubject): readonly Finding[] {
  if (!knowsNodes(subject)) return []
  const [first, ...others] = subject.nodes.flatMap((node) =>
    internalAddresses(node)
      .slice(0, 1)
      .map((address) => ({ node, address })),
  )
  if (first === undefined) return []
  return others.flatMap(({ node, address }) => {
    if (address.family !== first.address.family) return []
    if (commonBits(address, first.address) >= (address.family === 4 ? 8 : 32)) return []
    const what = `${node.name} (${address.text}) and ${first.node.name} (${first.address.text}) share no link, and the backend is host-gw`
    return [{ at: node.at, what }]
  })
}

/** On a machine the netmask is known. */
function offLinkNodes(subject: LintSubject): readonly Finding[] {
  return subject.nodes.flatMap((node) => {
    const link = underlayOf(node)
    const ranges = rangesOf(link?.addresses ?? [])
    if (link === undefined || ranges.length === 0) return []
    return subject.facts.nodes.flatMap((other) => {
      if (other.name === node.name) return []
      const addresses = other.addresses.flatMap((text) => addressOfInterface(text) ?? [])
      const [address] = addresses.filter(({ family }) => ranges.some((range) => range.family === family))
      if (address === undefined || ranges.some((range) => addresses.some((one) => holdsAddress(range, one)))) return []
      const what = `${other.name} (${other.addresses.join(', ')}) is not in ${link.addresses.join(', ')} of ${link.name} on ${node.name}`
      return [{ at: node.at, what }]
    })
  })
}

function oldKernelFindings(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  const version = node.version ?? subject.version
  if (version === undefined || !isWithin({ since: wireguardNativeSince }, version)) return []
  const release = node.host?.kernelRelease
  const [major, minor] = (/^(\d+)\.(\d+)/.exec(release ?? '') ?? []).slice(1).map(Number)
  if (release === undefined || major === undefined || minor === undefined) return []
  if (major > 5 || (major === 5 && minor >= 6)) return []
  if (flannelConfOf(subject, node)?.backend.type !== 'wireguard') return []
  // An interface of that kind proves that the module is there.
  if (node.host?.network?.interfaces.some((one) => one.type === 'wireguard') === true) return []
  return [{ at: node.at, what: `${node.name} runs Linux ${release} and the backend is wireguard-native` }]
}

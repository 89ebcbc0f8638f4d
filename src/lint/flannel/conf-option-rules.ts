import { scalarOf } from '../../k3s/config/effective-settings.ts'
import { highestVni, ipsecPskBytes, vxlanPort, vxlanVni, wireguardModes } from '../../k3s/flannel/flannel-conf.ts'
import { flannelPorts, podMtuBytes } from '../../k3s/flannel/flannel-devices.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { confFilesOf, flannelConfOf } from './pod-network.ts'
import { underlayOf } from './underlay.ts'

const backendDocs = 'flannel-io/flannel Documentation/backends.md'

/** Options of one backend, on one node and between nodes. */
export const confOptionRules: readonly Rule[] = [
  {
    id: 'fln-vni-port',
    severity: 'error',
    title: 'VXLAN nodes that cannot talk to each other',
    why: 'a tunnel has one identifier and one port; nodes with another one neither send to nor hear each other',
    fix: 'write the same VNI and Port into the flannel-conf file of every node; Windows wants VNI 4096 or more and port 4789',
    versions: 'every version',
    looksAt: ['host', 'settings'],
    sources: [backendDocs],
    check: (subject) => [...differingTunnels(subject), ...impossibleTunnels(subject), ...nodePortClashes(subject)],
  },
  {
    id: 'fln-wg-mode',
    severity: 'error',
    title: 'a WireGuard mode that flannel does not know',
    why: 'flannel stops with "No valid Mode configured", and K3s with it',
    fix: `write one of ${wireguardModes.join(', ')}`,
    versions: 'every version',
    looksAt: ['host', 'settings'],
    sources: ['flannel-io/flannel pkg/backend/wireguard/wireguard.go'],
    check: (subject) =>
      readConfs(subject).flatMap(({ file, backend }) =>
        backend.type === 'wireguard' && !wireguardModes.includes(backend.mode)
          ? [{ at: file.at, what: `${file.path}: Mode is ${JSON.stringify(backend.mode)}` }]
          : [],
      ),
  },
  {
    id: 'fln-wg-ports',
    severity: 'error',
    title: 'two WireGuard tunnels on one port',
    why: 'in mode separate each address family has a tunnel of its own, and the second one cannot bind',
    fix: 'give ListenPortV6 another port than ListenPort; flannel itself takes 51820 and 51821',
    versions: 'every version',
    looksAt: ['host', 'settings'],
    sources: [backendDocs, 'flannel-io/flannel pkg/backend/wireguard/wireguard.go'],
    check: (subject) =>
      readConfs(subject).flatMap(({ file, backend, enableIPv4, enableIPv6 }) => {
        if (backend.type !== 'wireguard' || backend.mode !== 'separate' || !enableIPv4 || !enableIPv6) return []
        if (backend.listenPort !== backend.listenPortV6) return []
        return [{ at: file.at, what: `${file.path}: ListenPort and ListenPortV6 are both ${backend.listenPort}` }]
      }),
  },
  {
    id: 'fln-ipsec-psk',
    severity: 'error',
    title: 'an IPsec key that flannel refuses',
    why: `flannel refuses keys of fewer than ${ipsecPskBytes} bytes and exits, and K3s with it`,
    fix: 'make one with: dd if=/dev/urandom bs=48 count=1 status=none | xxd -p -c 96',
    versions: 'every version',
    looksAt: ['host'],
    sources: ['flannel-io/flannel pkg/backend/ipsec/ipsec.go'],
    check: (subject) =>
      readConfs(subject).flatMap(({ file, backend }) =>
        backend.type === 'ipsec' && backend.pskBytes < ipsecPskBytes
          ? [{ at: file.at, what: `${file.path}: the PSK has ${backend.pskBytes} bytes` }]
          : [],
      ),
  },
  {
    id: 'fln-mtu',
    severity: 'warning',
    title: 'an MTU that the network below does not carry',
    why: 'packets that are larger than the link are dropped or broken up, and IPv6 needs 1280 bytes of every link',
    fix: 'write the MTU of the interface that carries the traffic, or take MTU out of the flannel-conf file',
    versions: 'every version',
    looksAt: ['host', 'settings'],
    sources: [backendDocs, 'RFC 8200 §5'],
    check: (subject) => subject.nodes.flatMap((node) => mtuFindings(subject, node)),
  },
]

function readConfs(subject: LintSubject) {
  return confFilesOf(subject).flatMap(({ node, file, reading }) =>
    reading.ok ? [{ node, file, ...reading.value }] : [],
  )
}

/** Nodes without a file of their own have what K3s generates: VNI 1 on port 8472. */
function differingTunnels(subject: LintSubject): readonly Finding[] {
  const tunnels = subject.nodes.flatMap((node) => {
    const conf = flannelConfOf(subject, node)
    if (conf?.backend.type !== 'vxlan') return []
    const { vni, port } = conf.backend
    return [{ node, at: node.flannelConf?.at ?? node.at, text: `VNI ${vni}, port ${port}` }]
  })
  const [first] = tunnels
  if (first === undefined) return []
  return tunnels.flatMap(({ node, at, text }) =>
    text === first.text ? [] : [{ at, what: `${node.name} has ${text} and ${first.node.name} has ${first.text}` }],
  )
}

function impossibleTunnels(subject: LintSubject): readonly Finding[] {
  const hasWindows = subject.facts.nodes.some((node) => node.operatingSystem === 'windows')
  return readConfs(subject).flatMap(({ file, backend }) => {
    if (backend.type !== 'vxlan') return []
    const { vni, port } = backend
    const findings: Finding[] = []
    const add = (what: string, why: string): number =>
      findings.push({ at: file.at, what: `${file.path}: ${what}`, why })
    if (vni < 0 || vni > highestVni) add(`VNI is ${vni}`, `identifiers go from 0 to ${highestVni}`)
    if (port < 1 || port > 65_535) add(`Port is ${port}`, 'ports go from 1 to 65535')
    if (hasWindows && vni < 4096) add(`VNI is ${vni} and there are Windows nodes`, 'Windows takes 4096 and more only')
    if (hasWindows && port !== 4789) add(`Port is ${port} and there are Windows nodes`, 'Windows speaks on 4789 only')
    return findings
  })
}

/** A NodePort Service may be given the port of the tunnel; kube-proxy then takes the packets of the other nodes. */
function nodePortClashes(subject: LintSubject): readonly Finding[] {
  const range = subject.nodes
    .map((node) => scalarOf(node.settings, 'service-node-port-range')?.text)
    .find((text) => text !== undefined)
  const [first, last] = (/^(\d+)-(\d+)$/.exec(range ?? '30000-32767') ?? []).slice(1).map(Number)
  if (first === undefined || last === undefined) return []
  return readConfs(subject).flatMap(({ file, ...conf }) =>
    flannelPorts(conf).flatMap((port) => {
      if (port.protocol !== 'udp' || port.port < first || port.port > last) return []
      return [
        {
          at: file.at,
          severity: 'warning' as const,
          what: `${file.path}: UDP port ${port.port} lies in the range ${first}-${last} of NodePorts`,
          why: 'a Service that is given this port takes the packets of the tunnel',
          fix: `choose a port outside the range; VXLAN's own is ${vxlanPort} with VNI ${vxlanVni}`,
        },
      ]
    }),
  )
}

function mtuFindings(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  const conf = flannelConfOf(subject, node)
  if (conf === undefined) return []
  const link = underlayOf(node)
  const at = node.flannelConf?.at ?? node.at
  const written = 'mtuBytes' in conf.backend ? conf.backend.mtuBytes : undefined
  const findings: Finding[] = []
  if (link !== undefined && written !== undefined && written > link.mtuBytes) {
    findings.push({ at, what: `MTU ${written} is written and ${link.name} of ${node.name} carries ${link.mtuBytes}` })
  }
  const outer = written ?? link?.mtuBytes
  const inner = outer === undefined ? undefined : podMtuBytes(conf, outer)
  if (conf.enableIPv6 && inner !== undefined && inner < 1280) {
    findings.push({ at, what: `pods of ${node.name} get an MTU of ${inner} and have IPv6` })
  }
  return findings
}

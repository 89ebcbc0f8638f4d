import type { FlannelBackend, FlannelConf } from '../../k3s/flannel/flannel-conf.ts'
import { generatedFlannelConf } from '../../k3s/flannel/generated-flannel-conf.ts'
import { readFlannelConf } from '../../k3s/flannel/read-flannel-conf.ts'
import type { Finding } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { pluginTypes } from './cni-conf.ts'
import { parseJsonObject } from './json-object.ts'
import { dataDirOf, hasVpn } from './pod-network.ts'

/** The two files that K3s's agent writes at every start, compared with what it would write. */
export function generatedFileFindings(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  if (subject.scope !== 'machine' || hasVpn(node)) return []
  return [...netConfFindings(node), ...conflistFindings(node)]
}

/**
 * Only options that K3s never writes are told from an edit: another backend may be the one that K3s was started with
 * before its configuration changed.
 */
function netConfFindings(node: NodeSubject): readonly Finding[] {
  const path = `${dataDirOf(node)}/agent/etc/flannel/net-conf.json`
  const text = node.host?.files.get(path)?.text
  if (text === undefined || node.settings.has('flannel-conf')) return []
  const at = { place: { file: path, line: 1, column: 1 } }
  const reading = readFlannelConf(text)
  if (!reading.ok) return reading.error.map(({ what }) => ({ at, what: `${path} ${what}` }))
  const { backend } = reading.value
  const name = backend.type === 'wireguard' ? 'wireguard-native' : backend.type
  const generated = generatedFlannelConf(name, generatedRanges(reading.value))
  if (backend.type === 'extension') return []
  if (generated === undefined) return [{ at, what: `${path} names a backend that K3s never writes` }]
  return editedOptions(backend, generated.backend, reading.value).map((key) => ({
    at,
    what: `${path} says ${key}, which K3s never writes`,
  }))
}

function generatedRanges({ network, ipv6Network, enableIPv4, enableIPv6 }: FlannelConf): readonly string[] {
  return [
    ...(enableIPv4 && network !== undefined ? [network] : []),
    ...(enableIPv6 && ipv6Network !== undefined ? [ipv6Network] : []),
  ]
}

function editedOptions(written: FlannelBackend, generated: FlannelBackend, conf: FlannelConf): readonly string[] {
  const expected = new Map(Object.entries(generated))
  // K3s's own key for ipsec differs from cluster to cluster.
  const differing = Object.entries(written).flatMap(([key, value]) =>
    key === 'pskBytes' || expected.get(key) === value ? [] : [`${writtenNames[key] ?? key} ${String(value)}`],
  )
  return [...differing, ...conf.unusedKeys]
}

const writtenNames: Readonly<Record<string, string>> = {
  vni: 'VNI',
  port: 'Port',
  mtuBytes: 'MTU',
  gbp: 'GBP',
  learning: 'Learning',
  directRouting: 'DirectRouting',
  listenPort: 'ListenPort',
  listenPortV6: 'ListenPortV6',
  mode: 'Mode',
  persistentKeepaliveSeconds: 'PersistentKeepaliveInterval',
  udpEncap: 'UDPEncap',
}

function conflistFindings(node: NodeSubject): readonly Finding[] {
  const path = `${dataDirOf(node)}/agent/etc/cni/net.d/10-flannel.conflist`
  const text = node.host?.files.get(path)?.text
  if (text === undefined || node.settings.has('flannel-cni-conf')) return []
  const types = pluginTypes(parseJsonObject(text))?.filter((type) => type !== 'bandwidth')
  if (types?.join() === 'flannel,portmap') return []
  const at = { place: { file: path, line: 1, column: 1 } }
  if (types === undefined) return [{ at, what: `${path} is no CNI configuration list` }]
  return [{ at, what: `${path} lists the plugins ${types.join(', ')}; K3s writes flannel and portmap` }]
}

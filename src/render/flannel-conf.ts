import { type FileArtefact, fileId } from '../domain/artefact.ts'
import { k3sPaths } from '../k3s/locations.ts'
import type { ClusterNetwork } from '../schema/documents.ts'
import { clusterRanges } from './cni/cluster-ranges.ts'

/**
 * Options that K3s has no flag for are given in a file that replaces the one it generates. Options of another backend
 * than the written one need none, and neither does a flannel that does not run.
 */
export function needsFlannelConf(network: ClusterNetwork): boolean {
  return Object.keys(writtenOptions(network)).length > 0
}

/**
 * flannel's net-conf.json with the options of its backend; the same on every node, or peers ignore each other.
 *
 * The networks must equal `cluster-cidr`; for a family that the cluster does not have, flannel wants the value that K3s
 * itself generates there.
 * @see flannel-io/flannel Documentation/configuration.md, Documentation/backends.md; k3s-io/k3s pkg/agent/flannel/setup.go
 */
export function renderFlannelConf(network: ClusterNetwork): FileArtefact | undefined {
  if (!needsFlannelConf(network)) return undefined
  const { ipv4, ipv6 } = clusterRanges(network)
  const conf = {
    Network: ipv4 ?? '0.0.0.0/0',
    EnableIPv4: ipv4 !== undefined,
    EnableIPv6: ipv6 !== undefined,
    IPv6Network: ipv6 ?? '::/0',
    Backend: { ...generatedBackend(network), ...writtenOptions(network) },
  }
  const path = k3sPaths.flannelConf
  const text = `${JSON.stringify(conf, null, 2)}\n`
  return { kind: 'file', id: fileId(path), location: 'flannel-conf', path, text, origin: 'spec.cni.flannel' }
}

type BackendOptions = Readonly<Record<string, string | number | boolean>>

/** What K3s itself writes for the backend: the file replaces all of it. `wireguard` is flannel's own name. */
function generatedBackend(network: ClusterNetwork): BackendOptions {
  return network.spec.cni.flannel.backend === 'wireguard-native'
    ? { Type: 'wireguard', PersistentKeepaliveInterval: 25 }
    : { Type: 'vxlan' }
}

/** The options of the backend that the documents change; empty for a backend that takes none. */
function writtenOptions(network: ClusterNetwork): BackendOptions {
  const { plugin, flannel } = network.spec.cni
  if (plugin !== 'flannel') return {}
  const { directRouting, vxlan, wireguard } = flannel
  if (flannel.backend === 'vxlan') {
    return written({
      DirectRouting: directRouting || undefined,
      VNI: vxlan.vni,
      Port: vxlan.port,
      MTU: vxlan.mtu,
      GBP: vxlan.gbp || undefined,
      Learning: vxlan.learning || undefined,
    })
  }
  if (flannel.backend !== 'wireguard-native') return {}
  return written({
    Mode: wireguard.mode,
    ListenPort: wireguard.listenPort,
    ListenPortV6: wireguard.listenPortV6,
    PersistentKeepaliveInterval: wireguard.persistentKeepaliveInterval,
    MTU: wireguard.mtu,
  })
}

function written(options: Readonly<Record<string, string | number | boolean | undefined>>): BackendOptions {
  return Object.fromEntries(
    Object.entries(options).flatMap(([key, value]): [string, string | number | boolean][] =>
      value === undefined ? [] : [[key, value]],
    ),
  )
}

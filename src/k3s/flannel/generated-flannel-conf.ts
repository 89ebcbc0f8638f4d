import { familyOf } from '../../domain/cidr.ts'
import type { K3sVersion } from '../version/k3s-version.ts'
import { type ReleaseFloors, reaches } from '../version/release-floors.ts'
import type { FlannelBackend, FlannelConf } from './flannel-conf.ts'
import { k3sKeepaliveSeconds, vxlanPort, vxlanVni, wireguardPort, wireguardPortV6 } from './flannel-conf.ts'

/** Since the releases with dual-stack flannel; older ones write `Network` and `Backend` only. */
const ipv6KeysSince: ReleaseFloors = ['1.22.2']
/** Since the releases with flannel on IPv6-only clusters. */
const enableIPv4Since: ReleaseFloors = ['1.22.9', '1.23.6', '1.24.0']

/**
 * The `net-conf.json` that K3s writes at every start, as flannel understands it.
 * @param backend value of `flannel-backend`, without `=options`
 * @returns undefined for `none` and for a backend that no K3s knows
 * @see k3s-io/k3s pkg/agent/flannel/setup.go
 */
export function generatedFlannelConf(backend: string, clusterCidrs: readonly string[]): FlannelConf | undefined {
  const written = backendOf(backend)
  if (written === undefined) return undefined
  const ipv4 = clusterCidrs.find((cidr) => familyOf(cidr) === 4)
  const ipv6 = clusterCidrs.find((cidr) => familyOf(cidr) === 6)
  return {
    network: ipv4 ?? '0.0.0.0/0',
    ipv6Network: ipv6 ?? '::/0',
    enableIPv4: ipv4 !== undefined,
    enableIPv6: ipv6 !== undefined,
    backend: written.conf,
    unusedKeys: [],
  }
}

/**
 * The same as the JSON value that stands in the file. Commands of the `wireguard` and `tailscale` extensions, and the
 * cluster's key in `ipsec`, are not ours to repeat: their objects hold the type only.
 */
export function generatedNetConf(
  backend: string,
  clusterCidrs: readonly string[],
  version: K3sVersion,
): Readonly<Record<string, unknown>> | undefined {
  const conf = generatedFlannelConf(backend, clusterCidrs)
  const written = backendOf(backend)
  if (conf === undefined || written === undefined) return undefined
  return {
    Network: conf.network,
    ...(reaches(ipv6KeysSince, version) ? { EnableIPv6: conf.enableIPv6 } : {}),
    ...(reaches(enableIPv4Since, version) ? { EnableIPv4: conf.enableIPv4 } : {}),
    ...(reaches(ipv6KeysSince, version) ? { IPv6Network: conf.ipv6Network } : {}),
    Backend: written.json,
  }
}

/** The name is somebody's text: `constructor` is no backend. */
function backendOf(name: string): GeneratedBackend | undefined {
  return Object.hasOwn(generatedBackends, name) ? generatedBackends[name] : undefined
}

interface GeneratedBackend {
  readonly conf: FlannelBackend
  readonly json: Readonly<Record<string, unknown>>
}

const generatedBackends: Readonly<Record<string, GeneratedBackend>> = {
  vxlan: {
    conf: { type: 'vxlan', vni: vxlanVni, port: vxlanPort, gbp: false, learning: false, directRouting: false },
    json: { Type: 'vxlan' },
  },
  'host-gw': { conf: { type: 'host-gw' }, json: { Type: 'host-gw' } },
  'wireguard-native': {
    conf: {
      type: 'wireguard',
      listenPort: wireguardPort,
      listenPortV6: wireguardPortV6,
      mode: 'separate',
      persistentKeepaliveSeconds: k3sKeepaliveSeconds,
    },
    json: { Type: 'wireguard', PersistentKeepaliveInterval: k3sKeepaliveSeconds },
  },
  // Up to 1.25: flannel's extension backend with commands around the wg tool.
  wireguard: { conf: { type: 'extension' }, json: { Type: 'extension' } },
  // K3s makes the key itself, long enough.
  ipsec: { conf: { type: 'ipsec', udpEncap: true, pskBytes: 96 }, json: { Type: 'ipsec', UDPEncap: true } },
  tailscale: { conf: { type: 'extension' }, json: { Type: 'extension' } },
}

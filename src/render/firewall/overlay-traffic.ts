import type { AddressFamily } from '../../domain/cidr.ts'
import type { NamedProtocol } from '../../domain/packet-filter.ts'
import { addressingDefaults } from '../../k3s/addressing-defaults.ts'
import type { FlannelBackend } from '../../k3s/flannel/flannel-conf.ts'
import { flannelPorts } from '../../k3s/flannel/flannel-devices.ts'
import { generatedFlannelConf } from '../../k3s/flannel/generated-flannel-conf.ts'
import type { ClusterNetwork } from '../../schema/documents.ts'

/** Traffic by which the nodes carry the packets of pods to each other, and agree about it. */
export interface OverlayTraffic {
  readonly protocol: NamedProtocol | number
  readonly port?: number
  readonly families: readonly AddressFamily[]
}

const both: readonly AddressFamily[] = [4, 6]
/** IP in IP, RFC 2003. */
const ipip = 4

/**
 * Ports of plugins that are not flannel: those of every encapsulation that the plugin has, for its values decide
 * which of them it takes.
 * @see tigera/docs calico/getting-started/kubernetes/requirements.mdx;
 *   cilium/cilium Documentation/operations/system_requirements.rst
 */
const pluginTraffic: Readonly<Record<'calico' | 'canal' | 'cilium' | 'none', readonly OverlayTraffic[]>> = {
  calico: [
    { protocol: 'udp', port: 4789, families: both },
    { protocol: 'tcp', port: 179, families: both },
    { protocol: 'tcp', port: 5473, families: both },
    { protocol: 'udp', port: 51_820, families: [4] },
    { protocol: 'udp', port: 51_821, families: [6] },
    { protocol: ipip, families: [4] },
  ],
  canal: [
    { protocol: 'udp', port: 8472, families: both },
    { protocol: 'udp', port: 51_820, families: [4] },
    { protocol: 'udp', port: 51_821, families: [6] },
    { protocol: 'tcp', port: 5473, families: both },
  ],
  cilium: [
    { protocol: 'udp', port: 8472, families: both },
    { protocol: 'udp', port: 6081, families: both },
    { protocol: 'udp', port: 51_871, families: both },
    { protocol: 'tcp', port: 4240, families: both },
    { protocol: 'tcp', port: 4244, families: both },
    { protocol: 'esp', families: both },
  ],
  // Whoever builds the pod network is not known, and neither is what it listens on.
  none: [],
}

export function overlayTraffic(cluster: ClusterNetwork): readonly OverlayTraffic[] {
  const { plugin, flannel } = cluster.spec.cni
  if (plugin !== 'flannel') return pluginTraffic[plugin]
  const ranges = cluster.spec.addressing.clusterCIDR ?? addressingDefaults.clusterCIDR
  const conf = generatedFlannelConf(flannel.backend, ranges)
  if (conf === undefined) return []
  return flannelPorts({ ...conf, backend: withOptions(conf.backend, flannel) }).map((port) => {
    const families = port.family === 'any' ? both : [port.family]
    return port.protocol === 'udp' ? { protocol: 'udp', port: port.port, families } : { protocol: 'esp', families }
  })
}

function withOptions(backend: FlannelBackend, options: ClusterNetwork['spec']['cni']['flannel']): FlannelBackend {
  if (backend.type === 'vxlan') return { ...backend, port: options.vxlan.port ?? backend.port }
  if (backend.type !== 'wireguard') return backend
  const { mode, listenPort, listenPortV6 } = options.wireguard
  return {
    ...backend,
    mode: mode ?? backend.mode,
    listenPort: listenPort ?? backend.listenPort,
    listenPortV6: listenPortV6 ?? backend.listenPortV6,
  }
}

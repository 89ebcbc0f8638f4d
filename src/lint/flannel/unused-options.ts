import type { ClusterNetwork, DesiredState } from '../../schema/documents.ts'
import type { Finding } from '../rule.ts'

type Flannel = ClusterNetwork['spec']['cni']['flannel']

/** Fields of `spec.cni.flannel` that the plugin, or the backend, of the document does not read. */
export function unusedOptionFindings(desired: DesiredState): readonly Finding[] {
  const { plugin, flannel } = desired.cluster.spec.cni
  const at = (...path: readonly string[]) => desired.places.clusterPlace(['spec', 'cni', 'flannel', ...path])
  const isWritten = writtenOptions(flannel)
  if (plugin !== 'flannel') {
    if (!isWritten.general && !isWritten.vxlan && !isWritten.wireguard) return []
    return [{ at: at(), what: `flannel options are written and the plugin is ${plugin}` }]
  }
  const { backend } = flannel
  const findings: Finding[] = []
  if (backend === 'none' && isWritten.general) {
    findings.push({ at: at(), what: 'flannel options are written and the backend is none' })
  }
  if (backend !== 'vxlan' && isWritten.vxlan) {
    findings.push({ at: at('vxlan'), what: `options of vxlan are written and the backend is ${backend}` })
  }
  if (backend !== 'wireguard-native' && isWritten.wireguard) {
    findings.push({
      at: at('wireguard'),
      what: `options of wireguard-native are written and the backend is ${backend}`,
    })
  }
  return findings
}

function writtenOptions(flannel: Flannel): {
  readonly general: boolean
  readonly vxlan: boolean
  readonly wireguard: boolean
} {
  const { vxlan, wireguard } = flannel
  return {
    general: flannel.directRouting || flannel.interface !== undefined || flannel.ipv6Masq || flannel.externalIP,
    vxlan: [vxlan.vni, vxlan.port, vxlan.mtu].some((value) => value !== undefined) || vxlan.gbp || vxlan.learning,
    wireguard: Object.values(wireguard).some((value) => value !== undefined),
  }
}

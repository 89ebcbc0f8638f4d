import { type FileArtefact, fileId } from '../domain/artefact.ts'
import { familyOf } from '../domain/cidr.ts'
import { addressingDefaults } from '../k3s/addressing-defaults.ts'
import { k3sPaths } from '../k3s/locations.ts'
import type { ClusterNetwork } from '../schema/documents.ts'

/** Options that K3s has no flag for are given in a file that replaces the one it generates. */
export function needsFlannelConf(network: ClusterNetwork): boolean {
  return network.spec.cni.plugin === 'flannel' && network.spec.cni.flannel.directRouting
}

/**
 * flannel's net-conf.json with DirectRouting; the same on every node, or peers ignore each other.
 *
 * The networks must equal `cluster-cidr`; for a family that the cluster does not have, flannel wants the value that K3s
 * itself generates there.
 * @see flannel-io/flannel Documentation/configuration.md; k3s-io/k3s pkg/agent/flannel/setup.go
 */
export function renderFlannelConf(network: ClusterNetwork): FileArtefact | undefined {
  if (!needsFlannelConf(network)) return undefined
  const ranges = network.spec.addressing.clusterCIDR ?? addressingDefaults.clusterCIDR
  const ipv4 = ranges.find((cidr) => familyOf(cidr) === 4)
  const ipv6 = ranges.find((cidr) => familyOf(cidr) === 6)
  const conf = {
    Network: ipv4 ?? '0.0.0.0/0',
    EnableIPv4: ipv4 !== undefined,
    EnableIPv6: ipv6 !== undefined,
    IPv6Network: ipv6 ?? '::/0',
    Backend: { Type: 'vxlan', DirectRouting: true },
  }
  const path = k3sPaths.flannelConf
  const text = `${JSON.stringify(conf, null, 2)}\n`
  return { kind: 'file', id: fileId(path), location: 'flannel-conf', path, text, origin: 'spec.cni.flannel' }
}

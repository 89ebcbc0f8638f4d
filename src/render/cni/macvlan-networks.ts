import { cniDirectories } from '../../k3s/cni-directories.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import type { ClusterNetwork } from '../../schema/documents.ts'
import { toYaml } from '../../text/yaml-print.ts'
import { runsFlannel } from './multus-chart.ts'

export type MacvlanNetwork = ClusterNetwork['spec']['cni']['secondary']['macvlan'][number]

/**
 * One NetworkAttachmentDefinition for each network. K3s tries again until Multus has brought their definition.
 * @see k8snetworkplumbingwg/multus-cni docs/how-to-use.md; containernetworking/plugins plugins/main/macvlan
 */
export function macvlanText(network: ClusterNetwork, version: K3sVersion): string {
  const { conf } = cniDirectories(version, runsFlannel(network))
  const definitions = network.spec.cni.secondary.macvlan.map((item) =>
    toYaml({
      apiVersion: 'k8s.cni.cncf.io/v1',
      kind: 'NetworkAttachmentDefinition',
      metadata: { name: item.name, namespace: item.namespace },
      spec: { config: `${JSON.stringify(pluginConfig(item, conf), null, 2)}\n` },
    }),
  )
  return definitions.join('---\n')
}

/** The allocator of a network: the written one, or host-local where there is a range to take addresses from, else dhcp. */
export function allocatorOf({ ipam, subnet }: MacvlanNetwork): NonNullable<MacvlanNetwork['ipam']> {
  return ipam ?? (subnet === undefined ? 'dhcp' : 'host-local')
}

function pluginConfig(item: MacvlanNetwork, confDirectory: string): Record<string, unknown> {
  const allocator = allocatorOf(item)
  return {
    cniVersion: '0.3.1',
    name: item.name,
    type: 'macvlan',
    master: item.interface,
    mode: item.mode,
    // Static addresses are those that a pod asks for in its annotation.
    ...(allocator === 'static' ? { capabilities: { ips: true } } : {}),
    ipam: allocation(item, allocator, confDirectory),
  }
}

function allocation(
  { subnet, gateway, rangeStart, rangeEnd }: MacvlanNetwork,
  allocator: ReturnType<typeof allocatorOf>,
  confDirectory: string,
): Record<string, unknown> {
  switch (allocator) {
    case 'host-local':
      return { type: 'host-local', ranges: [[written({ subnet, rangeStart, rangeEnd, gateway })]] }
    case 'whereabouts':
      return {
        type: 'whereabouts',
        ...written({ range: subnet, range_start: rangeStart, range_end: rangeEnd, gateway }),
        configuration_path: `${confDirectory}/whereabouts.d/whereabouts.conf`,
      }
    case 'dhcp':
    case 'static':
      return { type: allocator }
  }
}

function written(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]): [string, string][] => (value === undefined ? [] : [[key, value]])),
  )
}

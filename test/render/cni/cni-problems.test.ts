import { describe, expect, test } from 'vitest'
import { cniManifestProblems } from '../../../src/render/cni/cni-problems.ts'
import type { DesiredState } from '../../../src/schema/documents.ts'
import { desiredState, manifest } from '../../lab/desired-state.ts'
import { codes, rendered, vendored } from './rendered-cni.ts'
import { calicoManifest, canalManifest, ciliumManifest } from './vendored-manifests.ts'

const at = (path: string): string => `clusters/home/network.yaml#spec.cni.${path}`
const repository = 'https://charts.example'

interface Case {
  readonly name: string
  readonly desired: DesiredState
  readonly found: readonly string[]
}

function macvlan(networks: readonly Readonly<Record<string, unknown>>[]): DesiredState {
  const written = networks.map((network) => ({ interface: 'eth1', ...network }))
  return desiredState({ cni: { secondary: { multus: { repository, version: 'v4.2.202' }, macvlan: written } } })
}

const cases: readonly Case[] = [
  { name: 'a cluster with K3s alone', desired: desiredState(), found: [] },
  {
    name: 'a manifest that is not there: lint says so',
    desired: desiredState({ cni: { plugin: 'calico', manifest: 'calico.yaml' } }),
    found: [],
  },
  {
    name: 'the manifest of another plugin',
    desired: vendored({ cni: { plugin: 'calico', manifest: 'plugin.yaml' } }, canalManifest),
    found: [
      'error CNI_MANIFEST_PLACE_MISSING clusters/home/cni/plugin.yaml',
      'error CNI_MANIFEST_PLACE_MISSING clusters/home/cni/plugin.yaml',
    ],
  },
  {
    name: 'a manifest whose container is named otherwise',
    desired: vendored(
      { cni: { plugin: 'calico', manifest: 'plugin.yaml' } },
      calicoManifest.replace('- name: calico-node\n', '- name: node\n'),
    ),
    found: ['error CNI_MANIFEST_PLACE_MISSING clusters/home/cni/plugin.yaml'],
  },
  {
    name: 'a cilium without an operator, told where the API server is',
    desired: vendored(
      { cni: { plugin: 'cilium', manifest: 'plugin.yaml', apiServer: { host: '10.0.0.1' } } },
      ciliumManifest.replace('name: cilium-operator\n', 'name: operator\n'),
    ),
    found: ['error CNI_MANIFEST_PLACE_MISSING clusters/home/cni/plugin.yaml'],
  },
  {
    name: 'a release whose charts need a pod network',
    desired: desiredState({ k3sVersion: 'v1.18.20+k3s1', cni: { plugin: 'calico', chart: { repository } } }),
    found: [`error CNI_CHART_NOT_BOOTABLE ${at('chart')}`],
  },
  {
    name: 'the first release whose charts do not',
    desired: desiredState({ k3sVersion: 'v1.19.1+k3s1', cni: { plugin: 'calico', chart: { repository } } }),
    found: [],
  },
  {
    name: 'a manifest beside flannel',
    desired: desiredState({ cni: { manifest: 'cni/calico.yaml' } }),
    found: [`warning CNI_INSTALLER_UNUSED ${at('manifest')}`],
  },
  {
    name: 'a new Multus from a registry, without its definitions',
    desired: desiredState({ cni: { secondary: { multus: { oci: 'oci://registry.example/rke2-multus' } } } }),
    found: [`warning MULTUS_DEFINITIONS_APART ${at('secondary.multus')}`],
  },
  {
    name: 'a new Multus from a registry, with its definitions in manifests/',
    desired: desiredState({ cni: { secondary: { multus: { oci: 'oci://registry.example/rke2-multus' } } } }, [
      manifest('crd.yaml', 'metadata: { name: network-attachment-definitions.k8s.cni.cncf.io }'),
    ]),
    found: [],
  },
  {
    name: 'an old Multus from a registry',
    desired: desiredState({
      cni: { secondary: { multus: { oci: 'oci://registry.example/rke2-multus', version: '4.1.000' } } },
    }),
    found: [],
  },
  {
    name: 'macvlan networks without the range that their allocator needs, or with one too many',
    desired: desiredState({
      cni: {
        secondary: {
          multus: { repository },
          macvlan: [
            { name: 'a', interface: 'eth1', ipam: 'whereabouts' },
            { name: 'b', interface: 'eth1', ipam: 'dhcp', subnet: '192.168.5.0/24' },
            { name: 'c', interface: 'eth1', ipam: 'static', gateway: '192.168.5.1' },
            { name: 'd', interface: 'eth1', subnet: '192.168.5.0/24' },
            { name: 'e', interface: 'eth1' },
          ],
        },
      },
    }),
    found: [
      `error MACVLAN_SUBNET_MISSING ${at('secondary.macvlan.0')}`,
      `warning MACVLAN_RANGE_UNUSED ${at('secondary.macvlan.1.subnet')}`,
      `warning MACVLAN_RANGE_UNUSED ${at('secondary.macvlan.2.gateway')}`,
    ],
  },
  {
    name: 'macvlan networks whose addresses do not fit their subnet, or each other',
    desired: macvlan([
      { name: 'a', subnet: '192.168.5.0/24', gateway: '192.168.6.1', rangeStart: '192.168.4.9' },
      { name: 'b', subnet: '192.168.5.0/24', ipam: 'whereabouts', rangeEnd: 'fd00::9' },
      { name: 'c', subnet: '192.168.5.0/24', gateway: '10.0.0.1', rangeStart: '192.168.5.90', rangeEnd: '192.168.5.9' },
      { name: 'd', subnet: 'fd00:5::/64', gateway: 'fd00:5::1', rangeStart: 'fd00:5::10', rangeEnd: 'fd00:5::10' },
    ]),
    found: [
      `warning MACVLAN_OUTSIDE_SUBNET ${at('secondary.macvlan.0.gateway')}`,
      `error MACVLAN_OUTSIDE_SUBNET ${at('secondary.macvlan.0.rangeStart')}`,
      `error MACVLAN_OUTSIDE_SUBNET ${at('secondary.macvlan.1.rangeEnd')}`,
      `warning MACVLAN_OUTSIDE_SUBNET ${at('secondary.macvlan.2.gateway')}`,
      `error MACVLAN_RANGE_REVERSED ${at('secondary.macvlan.2.rangeEnd')}`,
    ],
  },
  {
    name: 'two macvlan networks of one name, where a third has another namespace',
    desired: macvlan([{ name: 'a' }, { name: 'a', namespace: 'lab' }, { name: 'a' }]),
    found: [`error MACVLAN_NAME_TWICE ${at('secondary.macvlan.2.name')}`],
  },
  {
    name: 'a chart whose archive is called otherwise',
    desired: desiredState({ cni: { plugin: 'cilium', chart: { file: 'cilium-1.17.4.tgz', version: '1.16.0' } } }),
    found: [`warning CHART_VERSION_DIFFERS ${at('chart.version')}`],
  },
  {
    name: 'charts whose archive is called so, or does not tell',
    desired: desiredState({
      cni: {
        plugin: 'cilium',
        chart: { file: 'cilium.tgz', version: '1.16.0' },
        secondary: { multus: { file: 'rke2-multus-v4.2.202.tgz', version: '4.2.202' } },
      },
    }),
    found: [],
  },
  {
    name: 'macvlan networks without Multus',
    desired: desiredState({ cni: { secondary: { macvlan: [{ name: 'a', interface: 'eth1' }] } } }),
    found: [`warning MULTUS_MISSING ${at('secondary.macvlan')}`],
  },
  {
    name: 'macvlan networks with the Multus of a manifest',
    desired: desiredState({ cni: { secondary: { macvlan: [{ name: 'a', interface: 'eth1' }] } } }, [
      manifest('multus.yaml', 'kind: DaemonSet\nmetadata: { name: kube-multus-ds }\n'),
    ]),
    found: [],
  },
]

describe('what cannot be rendered is told at its place', () => {
  for (const { name, desired, found } of cases) test(name, () => expect(codes(desired)).toEqual(found))
})

test('a missing place is named, with what should have been set there', () => {
  const desired = vendored({ cni: { plugin: 'calico', manifest: 'plugin.yaml' } }, 'kind: List\nitems: []\n')
  expect(cniManifestProblems(desired).map(({ what, why }) => [what, why.split(' must')[0]])).toEqual([
    [
      'the manifest has no ConfigMap calico-config, the JSON in data["cni_network_config"], or not in a form that can be changed',
      'allow_ip_forwarding',
    ],
    [
      'the manifest has no DaemonSet calico-node, the environment of container calico-node, or not in a form that can be changed',
      'CALICO_IPV4POOL_CIDR',
    ],
  ])
  expect(rendered(desired, 'fairlead-cni'), 'the text stays').toBe('kind: List\nitems: []\n')
})

import { expect, test } from 'vitest'
import { renderCleanups } from '../../src/render/cleanups.ts'
import { clusterNetworkSchema } from '../../src/schema/cluster-network.ts'

const cleanupsOf = (spec: object) =>
  renderCleanups(
    clusterNetworkSchema.parse({
      apiVersion: 'fairlead.dev/v1alpha1',
      kind: 'ClusterNetwork',
      metadata: { name: 'home' },
      spec: { k3sVersion: 'v1.33.4+k3s1', ...spec },
    }),
  )

test.each([
  { name: 'the defaults', spec: {}, expected: 'calico cilium legacy-backends wireguard-devices' },
  {
    name: 'host-gw',
    spec: { cni: { flannel: { backend: 'host-gw' } } },
    expected: 'calico cilium legacy-backends vxlan-devices wireguard-devices',
  },
  {
    name: 'wireguard-native',
    spec: { cni: { flannel: { backend: 'wireguard-native' } } },
    expected: 'calico cilium legacy-backends vxlan-devices',
  },
  { name: 'flannel off', spec: { cni: { flannel: { backend: 'none' } } }, expected: 'flannel' },
  { name: 'Calico', spec: { cni: { plugin: 'calico' } }, expected: 'cilium flannel network-policy' },
  {
    name: 'Canal, which has a flannel of its own',
    spec: { cni: { plugin: 'canal' } },
    expected: 'cilium network-policy',
  },
  { name: 'Cilium', spec: { cni: { plugin: 'cilium' } }, expected: 'calico flannel network-policy' },
  {
    name: 'Cilium in the place of kube-proxy',
    spec: { cni: { plugin: 'cilium', kubeProxyReplacement: true, apiServer: { host: '10.0.0.1' } } },
    expected: 'calico flannel kube-proxy network-policy',
  },
  { name: 'a network of which nothing is known', spec: { cni: { plugin: 'none' } }, expected: 'flannel' },
  {
    name: 'components that are off',
    spec: { components: { networkPolicy: { enabled: false }, servicelb: { enabled: false } } },
    expected: 'calico cilium legacy-backends network-policy servicelb wireguard-devices',
  },
])('with $name the cleanups are $expected', ({ spec, expected }) => {
  expect(cleanupsOf(spec).map(({ cleanup }) => cleanup)).toEqual(expected.split(' '))
})

test('a cleanup says what asked for it, and knows the networks of the cluster', () => {
  const spec = { components: { networkPolicy: { enabled: false } }, addressing: { clusterCIDR: ['10.99.0.0/16'] } }
  expect(cleanupsOf(spec).find(({ cleanup }) => cleanup === 'network-policy')).toEqual({
    kind: 'cleanup',
    id: 'cleanup:network-policy',
    cleanup: 'network-policy',
    origin: 'spec.components.networkPolicy.enabled',
    clusterCIDRs: ['10.99.0.0/16'],
    keepDevices: [],
  })
})

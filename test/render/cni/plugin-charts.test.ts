import { describe, expect, test } from 'vitest'
import type { DesiredState } from '../../../src/schema/documents.ts'
import { readYamlMap } from '../../../src/text/yaml-read.ts'
import { desiredState } from '../../lab/desired-state.ts'
import { codes, dualStack, ipv6Only, rendered } from './rendered-cni.ts'

const calico = { repository: 'https://docs.tigera.io/calico/charts', version: 'v3.30.3' } as const
const cilium = { repository: 'https://helm.cilium.io', version: '1.17.4' } as const
const canal = { repository: 'https://rke2-charts.rancher.io', version: 'v3.30.3-build2025091000' } as const
const apiServer = { host: '192.168.1.10' }

test('calico is installed by its operator, before there is a pod network', () => {
  const desired = desiredState({ addressing: dualStack, cni: { plugin: 'calico', chart: calico } })
  expect(rendered(desired, 'fairlead-cni')).toBe(`apiVersion: "helm.cattle.io/v1"
kind: "HelmChart"
metadata:
  name: "calico"
  namespace: "kube-system"
spec:
  bootstrap: true
  chart: "tigera-operator"
  createNamespace: true
  failurePolicy: "abort"
  repo: "https://docs.tigera.io/calico/charts"
  targetNamespace: "tigera-operator"
  valuesContent: |
    installation:
      calicoNetwork:
        containerIPForwarding: "Enabled"
        ipPools:
          - cidr: "10.50.0.0/16"
          - cidr: "fd00:50::/56"
  version: "v3.30.3"
`)
  expect(codes(desired)).toEqual([])
})

test('the address of the API server reaches the operator', () => {
  const desired = desiredState({ cni: { plugin: 'calico', chart: calico, apiServer } })
  expect(valuesOf(desired)).toEqual({
    installation: { calicoNetwork: { containerIPForwarding: 'Enabled', ipPools: [{ cidr: '10.42.0.0/16' }] } },
    kubernetesServiceEndpoint: { host: '192.168.1.10', port: '6443' },
  })
})

describe('canal is told the ranges of the families that the cluster has', () => {
  test.each([
    ['IPv4', {}, { podCidr: '10.42.0.0/16' }],
    ['both', dualStack, { podCidr: '10.50.0.0/16', podCidrv6: 'fd00:50::/56' }],
    ['IPv6', ipv6Only, { podCidrv6: 'fd00:50::/56' }],
  ])('%s', (_name, addressing, values) => {
    const desired = desiredState({ addressing, cni: { plugin: 'canal', chart: canal } })
    expect(valuesOf(desired)).toEqual(values)
    expect(specOf(desired)).toMatchObject({ chart: 'rke2-canal', targetNamespace: 'kube-system' })
  })
})

describe('cilium', () => {
  test('beside kube-proxy', () => {
    expect(valuesOf(desiredState({ cni: { plugin: 'cilium', chart: cilium } }))).toEqual({
      ipv4: { enabled: true },
      ipv6: { enabled: false },
      ipam: { mode: 'cluster-pool', operator: { clusterPoolIPv4PodCIDRList: ['10.42.0.0/16'] } },
      kubeProxyReplacement: false,
    })
  })

  test('in the place of kube-proxy, with both families and Multus, on one node', () => {
    const desired = desiredState({
      addressing: dualStack,
      nodes: [{ name: 'pi-1', role: 'server' }],
      cni: {
        plugin: 'cilium',
        chart: cilium,
        kubeProxyReplacement: true,
        apiServer,
        secondary: { multus: { repository: 'https://rke2-charts.rancher.io' } },
      },
    })
    expect(valuesOf(desired)).toEqual({
      ipv4: { enabled: true },
      ipv6: { enabled: true },
      ipam: {
        mode: 'cluster-pool',
        operator: {
          clusterPoolIPv4PodCIDRList: ['10.50.0.0/16'],
          clusterPoolIPv6PodCIDRList: ['fd00:50::/56'],
          clusterPoolIPv6MaskSize: 64,
        },
      },
      kubeProxyReplacement: true,
      k8sServiceHost: '192.168.1.10',
      k8sServicePort: 6443,
      operator: { replicas: 1 },
      cni: { exclusive: false },
    })
  })

  test.each([
    ['fd00::/32', 48],
    ['fd00::/48', 64],
    ['fd00::/56', 64],
    ['fd00::/64', 80],
    ['fd00::/96', 112],
    ['fd00::/103', 119],
    ['fd00::/104', undefined],
    ['fd00::/112', undefined],
  ])('%s: the range of a node is at most 16 bits longer', (cidr, mask) => {
    const desired = desiredState({ addressing: { clusterCIDR: [cidr] }, cni: { plugin: 'cilium', chart: cilium } })
    const operator = { clusterPoolIPv6PodCIDRList: [cidr], ...(mask && { clusterPoolIPv6MaskSize: mask }) }
    expect(valuesOf(desired)).toMatchObject({ ipv4: { enabled: false } })
    expect(valuesOf(desired)['ipam']).toEqual({ mode: 'cluster-pool', operator })
  })

  test.each([
    ['1.13.18', true, 'strict'],
    ['1.13.18', false, 'disabled'],
    ['1.14.0', true, true],
    ['v1.9.1', true, 'strict'],
    [undefined, true, true],
  ])('version %s takes kubeProxyReplacement as it is meant there', (version, isReplaced, value) => {
    const { version: _pinned, ...unpinned } = cilium
    const chart = version === undefined ? unpinned : { ...cilium, version }
    const desired = desiredState({ cni: { plugin: 'cilium', chart, kubeProxyReplacement: isReplaced, apiServer } })
    expect(valuesOf(desired)['kubeProxyReplacement']).toBe(value)
  })
})

test("the user's values win: mappings are merged, lists are replaced, null stays for Helm", () => {
  const values = {
    ipam: { operator: { clusterPoolIPv4PodCIDRList: ['10.99.0.0/16'], clusterPoolIPv4MaskSize: 25 } },
    ipv6: null,
    hubble: { relay: { enabled: true } },
  }
  expect(valuesOf(desiredState({ cni: { plugin: 'cilium', chart: { ...cilium, values } } }))).toEqual({
    ipv4: { enabled: true },
    ipv6: null,
    ipam: {
      mode: 'cluster-pool',
      operator: { clusterPoolIPv4PodCIDRList: ['10.99.0.0/16'], clusterPoolIPv4MaskSize: 25 },
    },
    kubeProxyReplacement: false,
    hubble: { relay: { enabled: true } },
  })
})

describe('where a chart comes from', () => {
  const withChart = (chart: unknown): DesiredState => ({
    ...desiredState({ cni: { plugin: 'cilium', chart } }),
    charts: [
      { name: 'cilium-1.13.2.tgz', base64: 'H4sIAAAA', sizeBytes: 6, file: 'clusters/home/charts/cilium-1.13.2.tgz' },
    ],
  })

  test('a registry is named in the chart itself', () => {
    const spec = specOf(withChart({ oci: 'oci://quay.io/charts/cilium', version: '1.17.4' }))
    expect(spec).toMatchObject({ chart: 'oci://quay.io/charts/cilium', version: '1.17.4' })
    expect(spec).not.toHaveProperty('repo')
  })

  test('an archive travels inside', () => {
    const desired = withChart({ file: 'cilium-1.13.2.tgz' })
    const spec = specOf(desired)
    expect(spec).toMatchObject({ chartContent: 'H4sIAAAA', bootstrap: true })
    expect(Object.keys(spec)).not.toContain('chart')
    expect(Object.keys(spec)).not.toContain('repo')
    // The name of the archive says which Cilium it is.
    expect(valuesOf(desired)['kubeProxyReplacement']).toBe('disabled')
    expect(codes(desired)).toEqual([])
  })

  test('another name and namespace', () => {
    const spec = specOf(withChart({ ...cilium, name: 'cilium-fork', namespace: 'network' }))
    expect(spec).toMatchObject({ chart: 'cilium-fork', targetNamespace: 'network', createNamespace: true })
  })
})

describe('fields that a release does not know are left out', () => {
  test.each([
    ['v1.21.5+k3s1', false, false],
    ['v1.22.8+k3s1', true, false],
    ['v1.26.5+k3s1', true, false],
    ['v1.27.3+k3s1', true, true],
    ['v1.33.4+k3s1', true, true],
  ])('%s', (k3sVersion, hasPolicy, makesNamespace) => {
    const text = rendered(desiredState({ k3sVersion, cni: { plugin: 'calico', chart: calico } }), 'fairlead-cni')
    expect(text.includes('failurePolicy: "abort"')).toBe(hasPolicy)
    expect(text.includes('createNamespace: true')).toBe(makesNamespace)
    expect(text.startsWith('apiVersion: "v1"\nkind: "Namespace"\nmetadata:\n  name: "tigera-operator"\n---\n')).toBe(
      !makesNamespace,
    )
  })
})

test.each([['flannel'], ['none']])('nothing is installed for plugin %s', (plugin) => {
  const desired = desiredState({ cni: { plugin, chart: calico } })
  expect(rendered(desired, 'fairlead-cni')).toBe('')
  expect(codes(desired)).toEqual(['warning CNI_INSTALLER_UNUSED clusters/home/network.yaml#spec.cni.chart'])
})

function specOf(desired: DesiredState): Readonly<Record<string, unknown>> {
  const spec = readYamlMap(rendered(desired, 'fairlead-cni'))['spec']
  return typeof spec === 'object' && spec !== null ? { ...spec } : {}
}

function valuesOf(desired: DesiredState): Readonly<Record<string, unknown>> {
  return readYamlMap(String(specOf(desired)['valuesContent']))
}

import { describe, expect, test } from 'vitest'
import { readYamlMap } from '../../../src/text/yaml-read.ts'
import { desiredState } from '../../lab/desired-state.ts'
import { rendered } from './rendered-cni.ts'

const repository = 'https://rke2-charts.rancher.io'
const flannelConf = '/var/lib/rancher/k3s/agent/etc/cni/net.d'

describe('Multus is told the directories of its K3s', () => {
  const link = '/var/lib/rancher/k3s/data/current/bin'
  const stable = '/var/lib/rancher/k3s/data/cni'
  test.each([
    ['v1.28.14+k3s1', { plugin: 'flannel' }, flannelConf, link],
    ['v1.28.15+k3s1', { plugin: 'flannel' }, flannelConf, stable],
    ['v1.31.1+k3s1', { plugin: 'flannel' }, flannelConf, link],
    ['v1.31.2+k3s1', { plugin: 'flannel' }, flannelConf, stable],
    ['v1.33.4+k3s1', { plugin: 'flannel' }, flannelConf, stable],
    ['v1.33.4+k3s1', { plugin: 'flannel', flannel: { backend: 'none' } }, '/etc/cni/net.d', '/opt/cni/bin'],
    ['v1.33.4+k3s1', { plugin: 'none' }, '/etc/cni/net.d', '/opt/cni/bin'],
    ['v1.28.14+k3s1', { plugin: 'calico' }, '/etc/cni/net.d', '/opt/cni/bin'],
  ])('%s with %j', (k3sVersion, cni, conf, bin) => {
    const desired = desiredState({
      k3sVersion,
      cni: { ...cni, secondary: { multus: { repository, version: 'v4.2.202' } } },
    })
    expect(rendered(desired, 'fairlead-multus')).toBe(`apiVersion: "helm.cattle.io/v1"
kind: "HelmChart"
metadata:
  name: "multus"
  namespace: "kube-system"
spec:
  chart: "rke2-multus"
  failurePolicy: "abort"
  repo: "https://rke2-charts.rancher.io"
  targetNamespace: "kube-system"
  valuesContent: |
    config:
      cni_conf:
        binDir: "${bin}"
        confDir: "${conf}"
        kubeconfig: "${conf}/multus.d/multus.kubeconfig"
        multusAutoconfigDir: "${conf}"
  version: "v4.2.202"
`)
  })
})

describe('charts of Multus differ', () => {
  test.each([
    ['v4.0.2-build2023081107', false, false],
    ['4.1.000', false, false],
    ['v4.2.202', true, false],
    ['v4.3.104', true, true],
    [undefined, true, true],
  ])('%s', (version, findsDirectory, leavesDefinitions) => {
    const multus = { repository, ...(version === undefined ? {} : { version }) }
    const text = rendered(desiredState({ cni: { secondary: { multus } } }), 'fairlead-multus')
    expect(text.includes('multusAutoconfigDir')).toBe(findsDirectory)
    expect(text.includes('chart: "rke2-multus-crd"')).toBe(leavesDefinitions)
    expect(text.match(/^ {2}version: "(.*)"$/gm) ?? []).toHaveLength(
      version === undefined ? 0 : leavesDefinitions ? 2 : 1,
    )
  })

  test('another chart brings its definitions itself', () => {
    const multus = { repository, name: 'multus-fork' }
    const text = rendered(desiredState({ cni: { secondary: { multus } } }), 'fairlead-multus')
    expect(text).toContain('chart: "multus-fork"')
    expect(text).not.toContain('crd')
  })
})

test('the allocators that networks ask for come with Multus, and the values of the user win', () => {
  const desired = desiredState({
    cni: {
      secondary: {
        multus: { repository, version: '4.1.000', values: { config: { cni_conf: { binDir: '/opt/own' } } } },
        macvlan: [
          { name: 'a', interface: 'eth1', subnet: '192.168.5.0/24', ipam: 'whereabouts' },
          { name: 'b', interface: 'eth1' },
        ],
      },
    },
  })
  const spec = readYamlMap(rendered(desired, 'fairlead-multus'))['spec']
  expect(readYamlMap(String(Object(spec)['valuesContent']))).toEqual({
    config: {
      cni_conf: {
        binDir: '/opt/own',
        confDir: flannelConf,
        kubeconfig: `${flannelConf}/multus.d/multus.kubeconfig`,
      },
    },
    manifests: { dhcpDaemonSet: true },
    'rke2-whereabouts': {
      enabled: true,
      fullnameOverride: 'whereabouts',
      cniConf: { confDir: flannelConf, binDir: '/var/lib/rancher/k3s/data/cni' },
    },
  })
})

test('each macvlan network is an object of its own', () => {
  const macvlan = [
    {
      name: 'lan',
      namespace: 'apps',
      interface: 'eth1',
      mode: 'private',
      subnet: '192.168.5.0/24',
      gateway: '192.168.5.1',
    },
    { name: 'guests', interface: 'eth2' },
  ]
  const desired = desiredState({ cni: { secondary: { macvlan } } })
  expect(rendered(desired, 'fairlead-macvlan')).toBe(`apiVersion: "k8s.cni.cncf.io/v1"
kind: "NetworkAttachmentDefinition"
metadata:
  name: "lan"
  namespace: "apps"
spec:
  config: |
    {
      "cniVersion": "0.3.1",
      "name": "lan",
      "type": "macvlan",
      "master": "eth1",
      "mode": "private",
      "ipam": {
        "type": "host-local",
        "ranges": [
          [
            {
              "subnet": "192.168.5.0/24",
              "gateway": "192.168.5.1"
            }
          ]
        ]
      }
    }
---
apiVersion: "k8s.cni.cncf.io/v1"
kind: "NetworkAttachmentDefinition"
metadata:
  name: "guests"
  namespace: "default"
spec:
  config: |
    {
      "cniVersion": "0.3.1",
      "name": "guests",
      "type": "macvlan",
      "master": "eth2",
      "mode": "bridge",
      "ipam": {
        "type": "dhcp"
      }
    }
`)
})

describe('addresses of a macvlan network', () => {
  const range = {
    subnet: '192.168.5.0/24',
    rangeStart: '192.168.5.50',
    rangeEnd: '192.168.5.99',
    gateway: '192.168.5.1',
  }
  test.each([
    ['host-local', { ...range }, { type: 'host-local', ranges: [[range]] }],
    [
      'whereabouts, whose settings lie where K3s has them',
      { ...range, ipam: 'whereabouts' },
      {
        type: 'whereabouts',
        range: '192.168.5.0/24',
        range_start: '192.168.5.50',
        range_end: '192.168.5.99',
        gateway: '192.168.5.1',
        configuration_path: `${flannelConf}/whereabouts.d/whereabouts.conf`,
      },
    ],
    ['dhcp, though there is a range', { ...range, ipam: 'dhcp' }, { type: 'dhcp' }],
    ['static', { ipam: 'static' }, { type: 'static' }],
  ])('%s', (_name, fields, ipam) => {
    const config = configOf({ name: 'lan', interface: 'eth1', ...fields })
    expect(config['ipam']).toEqual(ipam)
  })

  test('static ones come from the annotation of the pod', () => {
    expect(configOf({ name: 'lan', interface: 'eth1', ipam: 'static' })['capabilities']).toEqual({ ips: true })
    expect(configOf({ name: 'lan', interface: 'eth1', ipam: 'dhcp' })).not.toHaveProperty('capabilities')
  })

  function configOf(network: unknown): Readonly<Record<string, unknown>> {
    const text = rendered(desiredState({ cni: { secondary: { macvlan: [network] } } }), 'fairlead-macvlan')
    const spec: unknown = readYamlMap(text)['spec']
    return { ...JSON.parse(String(Object(spec)['config'])) }
  }
})

test('a cluster with K3s alone gets no file', () => {
  for (const name of ['fairlead-cni', 'fairlead-multus', 'fairlead-macvlan']) {
    expect(rendered(desiredState(), name)).toBe('')
  }
})

import { describe, expect, test } from 'vitest'
import type { NodeFacts } from '../../src/domain/facts.ts'
import { k3sSettings } from '../../src/render/k3s-settings.ts'
import type { DesiredState } from '../../src/schema/documents.ts'
import { agent, desiredState, server } from '../lab/desired-state.ts'
import { nodeNetwork } from '../lab/node-network.ts'

function told(desired: DesiredState, node: NodeFacts): Readonly<Record<string, unknown>> {
  return Object.fromEntries(k3sSettings(desired, node).map(({ key, value }) => [key, value]))
}

function sourceOf(desired: DesiredState, node: NodeFacts, key: string): unknown {
  return k3sSettings(desired, node).find((setting) => setting.key === key)?.from
}

describe('what stands closer to the node wins', () => {
  const desired: DesiredState = {
    ...desiredState({
      nodes: [{ name: 'pi-2', role: 'agent', addresses: ['10.0.0.2'] }],
      cni: { flannel: { interface: 'eth0' } },
      k3sFlags: { nodes: { 'resolv-conf': '/etc/a' } },
    }),
    nodes: [
      nodeNetwork('edge', {
        nodes: { matchLabels: { role: 'edge' } },
        nodeIP: ['10.0.1.2'],
        externalIP: ['203.0.113.2'],
        flannelInterface: 'eth1',
        k3sFlags: { 'resolv-conf': '/etc/b' },
      }),
    ],
  }

  test('an agent with documents of its own', () => {
    expect(told(desired, agent)).toEqual({
      'flannel-iface': 'eth1',
      'node-external-ip': ['203.0.113.2'],
      'node-ip': ['10.0.1.2'],
      'resolv-conf': '/etc/b',
    })
  })

  test('every flag knows where it was written', () => {
    expect(sourceOf(desired, agent, 'flannel-iface')).toEqual({
      document: 'NodeNetwork',
      name: 'edge',
      path: ['spec', 'flannelInterface'],
    })
    expect(sourceOf(desired, server, 'flannel-iface')).toEqual({
      document: 'ClusterNetwork',
      path: ['spec', 'cni', 'flannel', 'interface'],
    })
  })

  test('the inventory gives addresses where no document does', () => {
    const unlabelled = { ...agent, labels: {} }
    expect(told(desired, unlabelled)).toEqual({
      'flannel-iface': 'eth0',
      'node-ip': ['10.0.0.2'],
      'resolv-conf': '/etc/a',
    })
  })
})

describe('plugins bring their flags', () => {
  const cases: readonly { cni: Record<string, unknown>; expected: Record<string, unknown> }[] = [
    { cni: { plugin: 'none' }, expected: { 'flannel-backend': 'none', 'disable-network-policy': false } },
    { cni: { plugin: 'calico' }, expected: { 'flannel-backend': 'none', 'disable-network-policy': true } },
    { cni: { plugin: 'canal' }, expected: { 'flannel-backend': 'none', 'disable-network-policy': true } },
    { cni: { plugin: 'cilium' }, expected: { 'disable-network-policy': true, 'disable-kube-proxy': false } },
    {
      cni: { plugin: 'cilium', kubeProxyReplacement: true },
      expected: { 'flannel-backend': 'none', 'disable-kube-proxy': true },
    },
    {
      cni: { flannel: { backend: 'host-gw' } },
      expected: { 'flannel-backend': 'host-gw', 'disable-kube-proxy': false },
    },
  ]
  for (const { cni, expected } of cases) {
    test(JSON.stringify(cni), () => expect(told(desiredState({ cni }), server)).toMatchObject(expected))
  }

  test('an agent hears none of it', () => {
    expect(told(desiredState({ cni: { plugin: 'calico' } }), agent)).toEqual({})
  })
})

describe('components', () => {
  test('a switch that older releases do not know is told only when it is off', () => {
    expect(told(desiredState(), server)).toHaveProperty('disable-helm-controller', false)
    expect(told(desiredState({ k3sVersion: 'v1.21.2+k3s1' }), server)).not.toHaveProperty('disable-helm-controller')
    const desired = desiredState({ components: { helmController: { enabled: false } } })
    expect(told(desired, server)).toHaveProperty('disable-helm-controller', true)
  })

  test('what a release does not know is not told while it is off, and told when it is meant', () => {
    const of = (k3sVersion: string, components = {}): readonly string[] =>
      Object.keys(told(desiredState({ k3sVersion, components }), server))
    expect(of('v1.19.1+k3s1')).toContain('disable-kube-proxy')
    expect(of('v1.18.20+k3s1')).not.toContain('disable-kube-proxy')
    expect(of('v1.18.20+k3s1', { kubeProxy: { enabled: false } })).toContain('disable-kube-proxy')
    expect(of('v1.17.4+k3s1')).toContain('disable')
    expect(of('v1.17.3+k3s1')).not.toContain('disable')
    expect(of('v1.17.3+k3s1', { traefik: { enabled: false } })).toContain('disable')
  })

  test('ServiceLB may live in a namespace of its own', () => {
    const desired = desiredState({ components: { servicelb: { namespace: 'load-balancers' } } })
    expect(told(desired, server)).toHaveProperty('servicelb-namespace', 'load-balancers')
  })

  test('an external cloud controller needs every kubelet to wait for it', () => {
    const components = { cloudController: { enabled: false, external: true } }
    expect(told(desiredState({ components }), agent)).toEqual({ 'kubelet-arg': ['cloud-provider=external'] })
    expect(told(desiredState({ components }), server)).toMatchObject({
      'disable-cloud-controller': true,
      'kubelet-arg': ['cloud-provider=external'],
    })
  })

  test('kubelet arguments of the user stay, and theirs win', () => {
    const desired = desiredState({
      components: { cloudController: { enabled: false, external: true } },
      nodes: [{ name: 'pi-2', role: 'agent', addresses: ['10.0.0.2', 'fd00::2'] }],
      k3sFlags: { nodes: { 'kubelet-arg': ['max-pods=200', 'cloud-provider=other'] } },
    })
    expect(told(desired, agent)['kubelet-arg']).toEqual([
      'max-pods=200',
      'cloud-provider=other',
      'node-ip=10.0.0.2,fd00::2',
    ])
  })

  test('external says nothing while the cloud controller of K3s is on', () => {
    expect(told(desiredState({ components: { cloudController: { external: true } } }), agent)).toEqual({})
  })
})

test('a list flag that the documents write as one value is a list with one item', () => {
  const flags = { servers: { 'tls-san': 'api.lan' }, nodes: { 'node-label': 'site=home', 'resolv-conf': '/etc/r' } }
  expect(told(desiredState({ k3sFlags: flags }), server)).toMatchObject({
    'tls-san': ['api.lan'],
    'node-label': ['site=home'],
    'resolv-conf': '/etc/r',
  })
})

test('a flag at several levels is that of the most particular one, whole', () => {
  const k3sFlags = {
    nodes: { 'kubelet-arg': ['max-pods=200', 'v=1'], 'node-ip': '10.0.0.1' },
    servers: { 'kubelet-arg': ['max-pods=50'], 'node-ip': '10.0.0.2' },
  }
  const nodes = [{ name: 'pi-2', role: 'agent', addresses: ['10.0.0.3'] }]
  const desired = desiredState({ k3sFlags, nodes })
  expect(told(desired, server)).toMatchObject({ 'kubelet-arg': ['max-pods=50'], 'node-ip': ['10.0.0.2'] })
  expect(told(desired, agent)).toEqual({ 'kubelet-arg': ['max-pods=200', 'v=1'], 'node-ip': ['10.0.0.3'] })
  const own = {
    ...desired,
    nodes: [nodeNetwork('one', { nodes: { names: ['pi-1'] }, k3sFlags: { 'kubelet-arg': ['v=2'] } })],
  }
  expect(told(own, server)['kubelet-arg']).toEqual(['v=2'])
})

test('two names of one flag become one flag, and what stands closer to the node wins', () => {
  const spec = {
    nodes: [{ name: 'pi-1', role: 'server', addresses: ['192.168.1.11'] }],
    k3sFlags: { nodes: { i: '10.0.0.1' } },
  }
  const settings = told(desiredState(spec), server)
  expect(settings['node-ip']).toEqual(['192.168.1.11'])
  expect(settings).not.toHaveProperty('i')
})

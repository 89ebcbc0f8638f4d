import { expect, test } from 'vitest'
import type { Capture, CapturedFile } from '../../src/domain/capture.ts'
import type { NodeFacts } from '../../src/domain/facts.ts'
import { capturedSubject } from '../../src/reconcile/captured-subject.ts'

const config = '/etc/rancher/k3s/config.yaml'
const ours = '/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml'
const manifests = '/var/lib/rancher/k3s/server/manifests'

function captured(
  nodes: readonly Partial<NodeFacts>[],
  files: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): Capture {
  const observed = ([path, text]: [string, string]): CapturedFile => ({ path, type: 'file', mode: 0o600, text })
  return {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'Capture',
    metadata: { name: 'home', capturedAt: '2026-03-01T12:00:00Z', fairleadVersion: '0.1.0' },
    facts: {
      origin: 'capture',
      nodes: nodes.map((node) => ({ name: 'pi-1', role: 'server', labels: {}, addresses: [], ...node })),
      services: [],
    },
    observations: Object.fromEntries(
      Object.entries(files).map(([node, texts]) => [node, { files: Object.entries(texts).map(observed) }]),
    ),
    inventories: {},
  }
}

function textsOf(capture: Capture): Readonly<Record<string, readonly string[]>> {
  const [node] = capturedSubject(capture).nodes
  return Object.fromEntries(
    [...(node?.settings ?? [])].map(([key, { values }]) => [key, values.map(({ text }) => text)]),
  )
}

const annotations = { 'k3s.io/node-args': '["server","--cluster-cidr","10.50.0.0/16","--disable","traefik"]' }

test('what K3s was started with counts, at the line that still says it', () => {
  const capture = captured([{ annotations }], { 'pi-1': { [ours]: 'cluster-cidr:\n- 10.50.0.0/16\nnode-name: new\n' } })
  expect(textsOf(capture)).toEqual({ 'cluster-cidr': ['10.50.0.0/16'], disable: ['traefik'] })
  const [node] = capturedSubject(capture).nodes
  expect(node?.settings.get('cluster-cidr')?.values[0]?.at.place.file).toBe(ours)
  expect(node?.settings.get('disable')?.values[0]?.at.place.file).toBe('Node/pi-1#k3s.io/node-args')
})

test('without that, the files count when the main one is among them; a drop-in alone says nothing', () => {
  const whole = captured([{}], { 'pi-1': { [config]: 'node-name: a\n', [ours]: 'node-name: b\n' } })
  expect(textsOf(whole)).toEqual({ 'node-name': ['b'] })
  expect(capturedSubject(whole).nodes[0]?.config?.files).toHaveLength(2)
  const unit = '[Service]\nExecStart=/usr/local/bin/k3s server --node-name=c\n'
  const served = captured([{}], { 'pi-1': { '/etc/systemd/system/k3s.service': unit, [ours]: 'node-name: b\n' } })
  expect(textsOf(served)).toEqual({ 'node-name': ['b', 'c'] })
  const part = captured([{}], { 'pi-1': { [ours]: 'node-name: b\n' } })
  expect(textsOf(part)).toEqual({})
  expect(capturedSubject(part).nodes[0]?.config).toBeUndefined()
})

test('manifests of all servers are looked at once, and those of no agent', () => {
  const text = 'apiVersion: v1\nkind: Service\nmetadata: { name: lan }\n'
  const capture = captured([{}, { name: 'pi-2' }, { name: 'pi-3', role: 'agent' }], {
    'pi-1': { [`${manifests}/lan.yaml`]: text },
    'pi-2': { [`${manifests}/lan.yaml`]: text, [`${manifests}/two.yaml`]: '' },
    'pi-3': { [`${manifests}/three.yaml`]: '' },
  })
  const { manifests: found, services } = capturedSubject(capture)
  expect(found.map(({ name }) => name)).toEqual(['lan.yaml', 'two.yaml'])
  expect(services.map(({ service }) => service.name)).toEqual(['lan'])
})

test('a cluster has a release when all its servers have the same', () => {
  const [a, b] = [{ k3sVersion: 'v1.33.4+k3s1' }, { name: 'pi-2', k3sVersion: 'v1.34.1+k3s1' }]
  expect(capturedSubject(captured([a, { ...b, role: 'agent' }])).version?.text).toBe('v1.33.4+k3s1')
  expect(capturedSubject(captured([a, b])).version).toBeUndefined()
  expect(capturedSubject(captured([a, b])).nodes.map(({ version }) => version?.text)).toEqual([
    'v1.33.4+k3s1',
    'v1.34.1+k3s1',
  ])
})

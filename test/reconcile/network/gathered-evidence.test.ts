import { expect, test } from 'vitest'
import type { NodeFacts } from '../../../src/domain/facts.ts'
import type { ObservedFile } from '../../../src/domain/observation.ts'
import { effectiveSettings } from '../../../src/k3s/config/effective-settings.ts'
import { argumentsInForce, evidenceOf, isOlderThanK3s } from '../../../src/reconcile/network/gathered-evidence.ts'
import { hostReading, running } from '../../lab/machine-reading.ts'

const at = { place: { file: 'x', line: 1, column: 1 } }

test('flags in force have their long names, one word for each item', () => {
  const settings = effectiveSettings({
    files: [],
    ignoredFiles: [],
    arguments: [
      { key: 'disable-network-policy', text: 'true', at },
      { key: 'disable', text: 'traefik,servicelb', at },
    ],
    environment: [],
  })
  expect(argumentsInForce('server', settings)).toEqual([
    'server',
    '--disable-network-policy=true',
    '--disable=traefik',
    '--disable=servicelb',
  ])
})

const early = running({ startedAtMs: 1000 })
const dropIns = '/etc/rancher/k3s/config.yaml.d'

test.each([
  { name: 'the file is older than the process', path: '/etc/rancher/k3s/config.yaml', at: 999, expected: true },
  { name: 'the file was touched since', path: '/etc/rancher/k3s/config.yaml', at: 1001, expected: false },
  { name: 'a drop-in was touched since', path: `${dropIns}/90-x.yaml`, at: 1001, expected: false },
  { name: 'a drop-in was taken away since', path: dropIns, at: 1001, expected: false },
  { name: 'the unit was touched since', path: '/etc/systemd/system/k3s.service', at: 1001, expected: false },
  { name: 'a manifest was', path: '/var/lib/rancher/k3s/server/manifests/x.yaml', at: 1001, expected: true },
])('whether the files say what K3s was told: $name', ({ path, at: changed, expected }) => {
  const file: ObservedFile = { path, type: 'file', mode: 0o600, ownerUid: 0, modifiedAtMs: 1, sizeBytes: 1 }
  const files = new Map([[path, file]])
  expect(isOlderThanK3s({ files, process: early }, (one) => (one === path ? changed : undefined))).toBe(expected)
})

test('nothing is known of a K3s that does not run', () => {
  expect(isOlderThanK3s({ files: new Map() }, () => 0)).toBe(false)
})

const told = '["server","--disable-network-policy","--flannel-backend","host-gw","--service-cidr","10.50.0.0/16"]'
const peer = (name: string, backend: string, args?: string): NodeFacts => ({
  name,
  role: 'server',
  labels: {},
  addresses: [],
  annotations: {
    'flannel.alpha.coreos.com/backend-type': backend,
    ...(args === undefined ? {} : { 'k3s.io/node-args': args }),
  },
})
const clusterOf = (nodes: readonly NodeFacts[]) => ({ origin: 'live', hasAllNodes: true, nodes }) as const
const config = '/etc/rancher/k3s/config.yaml'

test('what its Node says counts more than files that were touched since', () => {
  const reading = hostReading({ [config]: 'flannel-backend: vxlan\n' }, { process: running() })
  const cluster = clusterOf([peer('pi-1', 'host-gw', told), peer('pi-2', 'vxlan')])
  const found = evidenceOf({ reading, cluster, name: 'pi-1', changedAtMs: () => Number.MAX_SAFE_INTEGER })
  expect(found.k3sArguments).toEqual([
    'server',
    '--disable-network-policy=true',
    '--flannel-backend=host-gw',
    '--service-cidr=10.50.0.0/16',
  ])
  expect(found.evidence).toEqual({ peerBackends: new Set(['vxlan']) })
  expect(found.apiService).toBe('10.50.0.1')
})

test('a cluster that this machine is no node of says nothing about it', () => {
  const reading = hostReading({ [config]: 'flannel-backend: vxlan\n' }, { process: running() })
  const cluster = clusterOf([peer('pi-8', 'host-gw', told), peer('pi-9', 'host-gw')])
  const found = evidenceOf({ reading, cluster, name: 'pi-1', changedAtMs: () => 0 })
  expect(found.evidence).toEqual({})
  expect(found.k3sArguments).toEqual(['server', '--flannel-backend=vxlan'])
})

test('of a K3s that does not run nothing is known, whatever its files and its Node say', () => {
  const reading = hostReading({ [config]: 'disable-network-policy: true\n' })
  const cluster = clusterOf([peer('pi-1', 'host-gw', told)])
  expect(evidenceOf({ reading, cluster, name: 'pi-1', changedAtMs: () => 0 }).k3sArguments).toBeUndefined()
})

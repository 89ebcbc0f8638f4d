import { expect, test } from 'vitest'
import { disabledServersIn, startedWith } from '../../../src/k3s/servicelb/node-arguments.ts'
import { packagedTraefikService } from '../../../src/k3s/servicelb/packaged-traefik.ts'
import { agent } from '../../lab/servicelb.ts'

const ports = (values: Readonly<Record<string, unknown>>) =>
  packagedTraefikService(values)?.ports?.map(({ port, protocol }) => `${port}/${protocol}`)

test.each([
  { values: {}, expected: ['80/TCP', '443/TCP'] },
  { values: { ports: { web: { exposedPort: 8080 } } }, expected: ['8080/TCP', '443/TCP'] },
  { values: { ports: { web: { expose: false } } }, expected: ['443/TCP'] },
  { values: { ports: { web: { expose: { default: false } } } }, expected: ['443/TCP'] },
  {
    values: { ports: { dns: { exposedPort: 53, protocol: 'UDP', expose: { default: true } } } },
    expected: ['80/TCP', '443/TCP', '53/UDP'],
  },
  { values: { ports: { metrics: { exposedPort: 9100 } } }, expected: ['80/TCP', '443/TCP'] },
  { values: { ports: 'none', service: 4 }, expected: ['80/TCP', '443/TCP'] },
  { values: { service: { enabled: false } }, expected: undefined },
])('Traefik with $values opens $expected', ({ values, expected }) => {
  expect(ports(values)).toEqual(expected)
})

test('labels, type and policy of its Service come from the values', () => {
  const spec = { type: 'NodePort', externalTrafficPolicy: 'Local', loadBalancerClass: 'other' }
  expect(packagedTraefikService({ service: { spec, labels: { pool: 'edge', number: 4 } } })).toMatchObject({
    type: 'NodePort',
    externalTrafficPolicy: 'Local',
    loadBalancerClass: 'other',
    labels: { pool: 'edge' },
  })
})

const started = (text: string, role: 'server' | 'agent' = 'server') =>
  agent('A', [], { role, annotations: { 'k3s.io/node-args': text } })

test('what a node was started with is read from its annotation, in both spellings', () => {
  const node = started('["server","--disable","traefik,servicelb","--disable=coredns","--node-ip=10.0.0.1"]')
  expect(startedWith(node, 'disable')).toEqual(['traefik', 'servicelb', 'coredns'])
  expect(startedWith(node, 'node-ip')).toEqual(['10.0.0.1'])
  expect(startedWith(agent('A', []), 'disable')).toBeUndefined()
  for (const text of ['', '{', '{}', '[4]']) expect(startedWith(started(text), 'disable')).toBeUndefined()
})

test('only servers disable ServiceLB', () => {
  const args = '["server","--disable=servicelb"]'
  expect(disabledServersIn([started(args)])).toEqual(new Set(['A']))
  expect(disabledServersIn([started(args, 'agent')])).toEqual(new Set())
})

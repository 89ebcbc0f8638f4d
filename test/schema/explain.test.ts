import { expect, test } from 'vitest'
import { type Explanation, explain } from '../../src/schema/explain.ts'

function explained(path: string): Explanation {
  const answer = explain(path)
  if ('suggestions' in answer) throw new Error(`unknown: ${answer.suggestions.join(', ')}`)
  return answer
}

test('a value is explained with type, default and choices', () => {
  expect(explained('cni.flannel.backend')).toMatchObject({
    kind: 'ClusterNetwork',
    path: 'spec.cni.flannel.backend',
    type: 'text',
    default: 'vxlan',
    allowed: ['vxlan', 'host-gw', 'wireguard-native', 'wireguard', 'ipsec', 'none'],
    isRequired: false,
    fields: [],
  })
})

test('an object is explained with its fields', () => {
  const traefik = explained('ClusterNetwork.spec.components.traefik')
  expect(traefik.fields.map(({ name, type }) => `${name}: ${type}`)).toEqual([
    'enabled: true or false',
    'values: map of names to any values',
    'valuesFrom: list of objects',
    'failurePolicy: text',
    'dashboard: object',
  ])
  expect(traefik.default).toBeUndefined()
})

test('a list is explained with the fields of its items', () => {
  const input = explained('NodeNetwork.spec.firewall.input')
  expect(input).toMatchObject({ type: 'list of objects', default: '[]' })
  expect(input.fields.find(({ name }) => name === 'ports')?.type).toBe('list of whole numbers or texts')
  expect(input.fields.filter(({ isRequired }) => isRequired).map(({ name }) => name)).toEqual(['name', 'action'])
})

test('indices, the kind and spec may be left out, in either kind', () => {
  expect(explained('loadBalancer.pools[0].name').path).toBe('spec.loadBalancer.pools.name')
  expect(explained('loadBalancer.pools.name').isRequired).toBe(true)
  expect(explained('firewall.services').kind).toBe('NodeNetwork')
  expect(explained('nodenetwork').fields.map(({ name }) => name)).toEqual(['apiVersion', 'kind', 'metadata', 'spec'])
  expect(explained('metadata.name').kind).toBe('ClusterNetwork')
})

test('a typing mistake is answered with what was probably meant', () => {
  expect(explain('cni.flanel.backend')).toEqual({ suggestions: ['ClusterNetwork.spec.cni.flannel'] })
  expect(explain('cni.flannel.bakcend')).toEqual({ suggestions: ['ClusterNetwork.spec.cni.flannel.backend'] })
  expect(explain('NodeNetwork.spec.routs')).toEqual({ suggestions: ['NodeNetwork.spec.routes'] })
})

test('nonsense is answered with nothing', () => {
  for (const path of ['xyzzy', '__proto__', 'spec.constructor', 'cni.flannel.backend.x', 'q'.repeat(5000)]) {
    expect(explain(path), path.slice(0, 30)).toEqual({ suggestions: [] })
  }
})

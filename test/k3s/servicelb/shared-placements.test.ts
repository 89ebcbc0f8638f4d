import { describe, expect, test } from 'vitest'
import type { HostPortPod } from '../../../src/domain/facts.ts'
import { agent, balancer, fourNodes, inPool, pooled, predict } from '../../lab/servicelb.ts'

const nodes = fourNodes({ A: { labels: pooled('edge') }, B: { labels: pooled('edge') }, C: { labels: pooled('core') } })

function svclb(service: string, node: string, isReady = true): HostPortPod {
  return {
    namespace: 'kube-system',
    name: `svclb-${service}-${node}`,
    node,
    ports: [{ protocol: 'TCP', port: 443 }],
    servicelbOf: `default/${service}`,
    isReady,
  }
}

describe('Services that nothing stands in the way of', () => {
  test('share one placement, whether their pods run already or not', () => {
    const services = [balancer('one', [8080]), balancer('two', [8081]), balancer('three', [8082])]
    const found = predict({ services, hostPortPods: ['A', 'B', 'C', 'D'].map((node) => svclb('one', node)) })
    expect(found['one']?.actual.pods.map((pod) => pod.state)).toEqual(['ready', 'ready', 'ready', 'ready'])
    expect(found['two']?.actual).toBe(found['one']?.actual)
    expect(found['three']?.actual).toBe(found['one']?.actual)
  })

  test('share it with the same port in pools that do not meet, and keep apart by pool', () => {
    const services = [
      balancer('one', [443], inPool('edge')),
      balancer('two', [443], inPool('core')),
      balancer('three', [80], inPool('edge')),
    ]
    const found = predict({ nodes, services })
    expect(found['one']?.actual.addresses).toEqual(['10.0.0.11', '10.0.0.12'])
    expect(found['two']?.actual.addresses).toEqual(['10.0.0.13'])
    expect(found['three']?.actual).toBe(found['one']?.actual)
  })

  test('a Service that finds its port free takes it from the younger ones all the same', () => {
    const services = [balancer('one', [443]), balancer('two', [443])]
    const found = predict({ services })
    expect(found['one']?.actual.pods.every((pod) => pod.state === 'ready')).toBe(true)
    expect(found['two']?.actual.pods).toEqual(
      ['A', 'B', 'C', 'D'].map((node) => ({
        node,
        state: 'pending',
        port: '443/TCP',
        heldBy: { kind: 'service', key: 'default/one' },
      })),
    )
  })

  test('those with a pod that is not ready are apart from those without', () => {
    const services = [balancer('one', [8080]), balancer('two', [8081]), balancer('three', [8082])]
    const hostPortPods = [svclb('one', 'A', false), svclb('two', 'A', false), svclb('three', 'A')]
    const found = predict({ services, hostPortPods })
    expect(found['one']?.actual.addresses).toEqual(['10.0.0.12', '10.0.0.13', '10.0.0.14'])
    expect(found['two']?.actual).toBe(found['one']?.actual)
    expect(found['three']?.actual.addresses).toEqual(['10.0.0.11', '10.0.0.12', '10.0.0.13', '10.0.0.14'])
  })

  test('of two pods that were seen on a node the last one counts', () => {
    const services = [balancer('one', [8080])]
    const replaced = predict({ services, hostPortPods: [svclb('one', 'A', false), svclb('one', 'A', true)] })
    const failing = predict({ services, hostPortPods: [svclb('one', 'A', true), svclb('one', 'A', false)] })
    expect(replaced['one']?.actual.addresses).toContain('10.0.0.11')
    expect(failing['one']?.actual.addresses).not.toContain('10.0.0.11')
  })

  test('a node that was tainted under running pods keeps them, for each Service by its own pods', () => {
    const tainted = [
      ...['A', 'B'].map((name, index) => agent(name, `10.0.0.${11 + index}`)),
      agent('C', '10.0.0.13', { taints: [{ key: 'dedicated', effect: 'NoSchedule' }] }),
    ]
    const services = [balancer('one', [8080]), balancer('two', [8081]), balancer('three', [8082])]
    const found = predict({ nodes: tainted, services, hostPortPods: [svclb('one', 'C'), svclb('two', 'C')] })
    expect(found['one']?.actual.candidates).toEqual(['A', 'B', 'C'])
    expect(found['two']?.actual).toBe(found['one']?.actual)
    expect(found['three']?.actual.candidates).toEqual(['A', 'B'])
    expect(found['one']?.ideal).toBe(found['three']?.ideal)
  })

  test('with externalTrafficPolicy Local they share their pods and differ in their addresses', () => {
    const local = { externalTrafficPolicy: 'Local' } as const
    const services = [
      balancer('one', [8080], { ...local, endpointNodes: ['D', 'B'] }),
      balancer('two', [8081], { ...local, endpointNodes: ['C'] }),
    ]
    const found = predict({ services })
    expect(found['one']?.actual.pods).toBe(found['two']?.actual.pods)
    expect(found['one']?.actual.addresses).toEqual(['10.0.0.12', '10.0.0.14'])
    expect(found['two']?.actual.addresses).toEqual(['10.0.0.13'])
    expect(found['two']?.notes.map((note) => note.text)).toEqual([
      'connections fail on nodes without an endpoint: A, B, D',
    ])
  })
})

import { describe, expect, test } from 'vitest'
import type { ServiceFacts } from '../../../src/domain/facts.ts'
import { isLookedAtAgain } from '../../../src/k3s/servicelb/triggers.ts'
import { enableLabel, poolLabel } from '../../../src/k3s/servicelb-labels.ts'
import { balancer, enabled, fourNodes, inPool, pooled, predict, version } from '../../lab/servicelb.ts'

/** k3s-networking §5.8: before and after, with the DaemonSets as the time before left them. */

const on = { [enableLabel]: 'true' }
const onIn = (pool: string) => ({ ...on, [poolLabel]: pool })
const web = balancer('web', [443], inPool('edge'))
const plain = balancer('plain', [8080])
const without = [
  { service: 'default/web', nodeSelector: {} },
  { service: 'default/plain', nodeSelector: {} },
]
const looked = new Set(['default/web', 'default/plain'])

describe('the first node gains enablelb', () => {
  const nodes = fourNodes({ A: { labels: pooled('edge') }, B: { labels: pooled('inside') } })

  test('every DaemonSet gets enablelb alone: pools collapse onto all enabled nodes', () => {
    const found = predict({ nodes, services: [web, plain], daemonSets: without })
    expect(found['web']).toMatchObject({
      selector: { expected: onIn('edge'), live: on },
      ideal: { candidates: ['A'] },
      actual: { candidates: ['A', 'B'], addresses: ['10.0.0.11', '10.0.0.12'] },
    })
    expect(found['web']?.notes.map((note) => note.code)).toEqual(['look-needed'])
    expect(found['plain']?.notes).toEqual([])
  })

  test('an annotation of each Service puts the pools into place', () => {
    const found = predict({ nodes, services: [web, plain], daemonSets: without, lookedAt: looked })
    expect(found['web']).toMatchObject({ selector: { live: onIn('edge') }, actual: { candidates: ['A'] }, notes: [] })
  })
})

test('another node that gains enablelb while the mode is on is used at once', () => {
  const nodes = fourNodes({ A: { labels: enabled() }, C: { labels: enabled() } })
  const found = predict({ nodes, services: [plain], daemonSets: [{ service: 'default/plain', nodeSelector: on }] })
  expect(found['plain']).toMatchObject({ actual: { candidates: ['A', 'C'] }, notes: [] })
})

test.each(['false', ''])('a node whose value becomes %j leaves, and the mode stays on', (value) => {
  const nodes = fourNodes({ A: { labels: enabled() }, C: { labels: enabled(value) } })
  const found = predict({ nodes, services: [plain], daemonSets: [{ service: 'default/plain', nodeSelector: on }] })
  expect(found['plain']?.actual.candidates).toEqual(['A'])
  const alone = fourNodes({ C: { labels: enabled(value) } })
  expect(predict({ nodes: alone, services: [plain], daemonSets: without })['plain']?.actual.pending?.code).toBe(
    'no-node-selected',
  )
})

describe('the last node loses enablelb', () => {
  const daemonSets = [
    { service: 'default/web', nodeSelector: onIn('edge') },
    { service: 'default/plain', nodeSelector: on },
  ]

  test('selectors stay, no node matches, everything is pending', () => {
    const found = predict({ services: [web, plain], daemonSets })
    expect(found['web']?.actual.pending?.code).toBe('no-node-selected')
    expect(found['plain']?.actual.pending?.code).toBe('no-node-selected')
    expect(found['plain']?.notes.map((note) => note.code)).toEqual(['selector-stuck'])
    expect(found['plain']?.ideal.candidates).toEqual(['A', 'B', 'C', 'D'])
  })

  test('a look repairs a selector that a look wrote; one that a node event may have written stays', () => {
    const found = predict({ services: [web, plain], daemonSets, lookedAt: looked })
    expect(found['web']?.selector.live).toEqual({})
    expect(found['plain']?.selector.live).toEqual(on)
  })

  test('without the DaemonSet, a look makes it anew', () => {
    expect(predict({ services: [plain], daemonSets: [] })['plain']?.actual.candidates).toEqual(['A', 'B', 'C', 'D'])
  })
})

test("a node's pool counts at once", () => {
  const nodes = fourNodes({ A: { labels: pooled('inside') }, B: { labels: pooled('edge') } })
  const found = predict({
    nodes,
    services: [web],
    daemonSets: [{ service: 'default/web', nodeSelector: onIn('edge') }],
  })
  expect(found['web']).toMatchObject({ actual: { candidates: ['B'] }, notes: [] })
})

describe('what makes K3s look at a Service again', () => {
  const cases: readonly { change: Partial<ServiceFacts>; isLooked: boolean }[] = [
    { change: { labels: { [poolLabel]: 'inside' } }, isLooked: false },
    { change: { statusAddresses: ['10.0.0.1'] }, isLooked: false },
    { change: { endpointNodes: ['A'] }, isLooked: false },
    { change: { annotations: { any: 'thing' } }, isLooked: true },
    { change: { ports: [{ protocol: 'TCP', port: 444 }] }, isLooked: true },
    { change: { type: 'NodePort' }, isLooked: true },
    { change: { loadBalancerClass: 'other' }, isLooked: true },
    { change: { loadBalancerSourceRanges: ['10.0.0.0/8'] }, isLooked: true },
    { change: { loadBalancerIP: '10.0.0.1' }, isLooked: true },
    { change: { externalIPs: ['10.0.0.1'] }, isLooked: true },
    { change: { externalTrafficPolicy: 'Local' }, isLooked: true },
    { change: { ipFamilies: [4, 6] }, isLooked: true },
    { change: { uid: 'another' }, isLooked: true },
    { change: { externalTrafficPolicy: 'Cluster', annotations: {} }, isLooked: false },
  ]
  test.each(cases)('$change: $isLooked', ({ change, isLooked }) => {
    expect(isLookedAtAgain(web, { ...web, ...change }, version('v1.33.4+k3s1'))).toBe(isLooked)
  })

  test('the older controller looks at every change of labels', () => {
    const change = { ...web, ...inPool('inside') }
    expect(isLookedAtAgain(web, change, version('v1.24.6+k3s1'))).toBe(true)
    expect(isLookedAtAgain(web, change, version('v1.24.7+k3s1'))).toBe(false)
  })
})

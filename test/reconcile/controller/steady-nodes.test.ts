import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Facts, NodeFacts } from '../../../src/domain/facts.ts'
import { SteadyNodes } from '../../../src/reconcile/controller/steady-nodes.ts'

const goneAfterMs = 600_000
const minuteMs = 60_000

function node(name: string, told: Partial<NodeFacts> = {}): NodeFacts {
  return { name, role: 'agent', labels: {}, addresses: ['192.168.1.1'], ...told }
}

function facts(...nodes: readonly NodeFacts[]): Facts {
  return { origin: 'live', nodes, hasAllNodes: true, services: [] }
}

function at(last: number): Partial<NodeFacts> {
  return { addresses: [`192.168.1.${last}`] }
}

/** One that has said something else so often that nothing more counts for two minutes. */
function restless(): SteadyNodes {
  const steady = new SteadyNodes(goneAfterMs)
  for (let last = 1; last <= 9; last += 1) steady.read(facts(node('pi-1', at(last)), node('pi-2')), 0)
  return steady
}

describe('what a node says of itself', () => {
  test('counts at once, as often as one that joins says something else', () => {
    const steady = new SteadyNodes(goneAfterMs)
    for (let last = 1; last <= 9; last += 1) {
      const read = steady.read(facts(node('pi-1', at(last))), 0)
      expect(read.facts.nodes).toEqual([node('pi-1', at(last))])
      expect(read.againInMs).toBeUndefined()
    }
  })

  test.each([
    { name: 'addresses', told: at(10) },
    { name: 'external addresses', told: { ...at(9), externalAddresses: ['203.0.113.9'] } },
    { name: 'a role', told: { ...at(9), role: 'server' as const } },
    { name: 'a network of pods', told: { ...at(9), podCIDRs: ['10.42.9.0/24'] } },
    {
      name: 'what flannel announces',
      told: { ...at(9), annotations: { 'flannel.alpha.coreos.com/public-ip': '192.168.1.66' } },
    },
  ])('counts later after that: $name', ({ told }) => {
    const steady = restless()
    const now = facts(node('pi-1', told), node('pi-2'))
    const [early] = steady.read(now, minuteMs).facts.nodes
    expect({ ...early, annotations: {} }).toEqual(node('pi-1', { ...at(9), annotations: {} }))
    expect(steady.read(now, minuteMs).againInMs).toBe(minuteMs)
    expect(steady.read(now, 2 * minuteMs)).toMatchObject({ facts: { nodes: now.nodes }, held: [] })
  })

  test('is told once of when it begins to count later', () => {
    const steady = restless()
    expect(steady.read(facts(node('pi-1', at(10)), node('pi-2')), 1).held).toEqual(['pi-1'])
    expect(steady.read(facts(node('pi-1', at(11)), node('pi-2')), 2).held).toEqual([])
  })

  test('counts at once where the others do not see it, whatever else is held back', () => {
    const own = { labels: { rack: 'b' }, isReady: false, k3sVersion: 'v1.33.4+k3s1' }
    const [seen] = restless().read(facts(node('pi-1', { ...at(10), ...own }), node('pi-2')), 1).facts.nodes
    expect(seen).toMatchObject({ ...own, ...at(9) })
  })

  test('counts at once for every other node', () => {
    const moved = node('pi-2', { addresses: ['192.168.1.200'] })
    const { nodes } = restless().read(facts(node('pi-1', at(10)), moved), 1).facts
    expect(nodes).toEqual([expect.objectContaining(at(9)), moved])
  })

  test('changes what others see of it nine times at first and once in two minutes after that, at most', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 90_000 }), fc.integer({ min: 1, max: 250 })), {
          minLength: 10,
          maxLength: 60,
        }),
        (told) => {
          const steady = new SteadyNodes(goneAfterMs)
          let nowMs = 0
          let changes = 0
          let before = ''
          for (const [laterMs, last] of told) {
            nowMs += laterMs
            const [one] = steady.read(facts(node('pi-1', at(last))), nowMs).facts.nodes
            const address = one?.addresses.join() ?? ''
            if (address !== before) changes += 1
            before = address
          }
          return changes <= 9 + nowMs / 120_000
        },
      ),
    )
  })
})

describe('a node that is not in the list any more', () => {
  test('is remembered until it is gone for good', () => {
    const steady = new SteadyNodes(goneAfterMs)
    const [one, two] = [node('pi-1'), node('pi-2', at(2))]
    steady.read(facts(one, two), 0)
    const without = facts(one)
    expect(steady.read(without, 1_000)).toMatchObject({
      facts: { nodes: [one], departed: [two] },
      againInMs: goneAfterMs,
    })
    expect(steady.read(without, goneAfterMs).facts.departed).toEqual([two])
    const after = steady.read(without, goneAfterMs + 1_000)
    expect(after).toMatchObject({ facts: { nodes: [one] }, againInMs: undefined })
    expect(after.facts).not.toHaveProperty('departed')
  })

  test('is no longer one that left when it is there again, and has its time anew when it leaves again', () => {
    const steady = new SteadyNodes(goneAfterMs)
    steady.read(facts(node('pi-1')), 0)
    steady.read(facts(), 1_000)
    expect(steady.read(facts(node('pi-1')), 2_000).facts).not.toHaveProperty('departed')
    expect(steady.read(facts(), goneAfterMs).againInMs).toBe(goneAfterMs)
  })

  test('earns no new changes by leaving', () => {
    const steady = restless()
    steady.read(facts(node('pi-2')), 1)
    const { nodes } = steady.read(facts(node('pi-1', at(10)), node('pi-2')), 2).facts
    expect(nodes[0]).toMatchObject(at(9))
  })
})

test('facts are the same value until they are others', () => {
  const steady = restless()
  const raw = facts(node('pi-1', at(10)))
  const first = steady.read(raw, 1).facts
  expect(steady.read(raw, 2).facts).toBe(first)
  expect(first.departed).toEqual([node('pi-2')])
  expect(steady.read(raw, 2 * minuteMs).facts).not.toBe(first)
})

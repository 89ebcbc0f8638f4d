import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type SimulatedNode, SimulatedRollout, type Step } from './simulated-rollout.ts'

const anyFate = fc.constantFrom('succeeds', 'succeeds', 'succeeds', 'fails', 'goes silent')

function clusters(fate: fc.Arbitrary<SimulatedNode['fate']>): fc.Arbitrary<readonly SimulatedNode[]> {
  const node = fc.record({
    role: fc.constantFrom('server', 'agent', 'agent'),
    pools: fc.subarray(['edge', 'lan']),
    fate,
    isBroken: fc.constantFrom(true, false, false),
  })
  return fc.array(node, { minLength: 1, maxLength: 9 })
}

function steps(...kinds: readonly (Step & object)['kind'][]): fc.Arbitrary<Step> {
  return fc.record({ kind: fc.constantFrom(...kinds), at: fc.nat({ max: 8 }) })
}

/** Agents are slower and faster, lose the API, and now and then there is a new revision in the middle of everything. */
function histories(...more: readonly (Step & object)['kind'][]): fc.Arbitrary<readonly Step[]> {
  return fc.array(
    fc.oneof(
      { weight: 10, arbitrary: fc.nat({ max: 8 }) },
      { weight: 5, arbitrary: steps('unheard', 'cut', 'heal', ...more) },
      { weight: 6, arbitrary: fc.constant('decide' as const) },
      { weight: 2, arbitrary: fc.constantFrom(...(['publish', 'back', 'tick', 'wait'] as const)) },
    ),
    { maxLength: 120 },
  )
}
const limits = fc.integer({ min: 1, max: 4 })

describe('whatever happens in whatever order', () => {
  test('never more than maxUnavailable, never two of a group, nobody beside the first, nobody after a failure', () => {
    fc.assert(
      fc.property(clusters(anyFate), histories('exclude'), limits, (nodes, history, limit) => {
        const rollout = new SimulatedRollout(nodes, limit)
        rollout.run(history)
        rollout.settle()
        expect(rollout.violations).toEqual([])
      }),
      { numRuns: 600 },
    )
  })

  test('where every change succeeds, all nodes have the newest program in the end, also those that failed before it', () => {
    fc.assert(
      fc.property(clusters(fc.constant('succeeds')), histories(), limits, (nodes, history, limit) => {
        const rollout = new SimulatedRollout(nodes, limit)
        rollout.run(history)
        rollout.settle()
        expect(rollout.isDone).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('who waits for ever waits for a node that is named', () => {
    fc.assert(
      fc.property(clusters(anyFate), histories('exclude'), limits, (nodes, history, limit) => {
        const rollout = new SimulatedRollout(nodes, limit)
        rollout.run(history)
        rollout.settle()
        const { waiting, halted, obstacle } = rollout.decision()
        if (waiting.length > 0) expect(halted?.node ?? obstacle?.node).toMatch(/^n\d$/)
      }),
      { numRuns: 500 },
    )
  })

  test('a bad change reaches one node, and the next revision goes on', () => {
    fc.assert(
      fc.property(clusters(fc.constant('fails')), limits, (nodes, limit) => {
        const rollout = new SimulatedRollout(nodes, limit)
        rollout.settle()
        expect(rollout.machines.filter(({ takenBack }) => takenBack !== undefined)).toHaveLength(1)
        rollout.run(['publish'])
        rollout.settle()
        expect(rollout.machines.filter(({ takenBack }) => takenBack?.startsWith('p2-'))).toHaveLength(1)
      }),
      { numRuns: 200 },
    )
  })
})

test('a permit of the program before is no leave once that program comes back', () => {
  const node = { role: 'agent', pools: [], fate: 'succeeds', isBroken: false } as const
  const rollout = new SimulatedRollout([node, node], 1)
  const firstIsDone: readonly Step[] = [0, 'decide', 0, 0, 0]
  const secondMayBegin: readonly Step[] = [1, 'decide']
  rollout.run([...firstIsDone, ...secondMayBegin, 'publish', 1, 0, 'decide', 0, 'back', 1])
  expect(rollout.machines.map(({ trial }) => trial?.program)).toEqual(['p2-0', undefined])
  expect(rollout.violations).toEqual([])
})

import { expect, test } from 'vitest'
import type { NodeFacts } from '../../../src/domain/facts.ts'
import { decidePermits } from '../../../src/plan/permits/decide-permits.ts'
import type { LiveObject } from '../../../src/ports/kube-objects-port.ts'
import { nodeStandings } from '../../../src/reconcile/controller/node-standings.ts'
import { publishedRecord } from '../../../src/reconcile/controller/published-record.ts'
import { publishedProgram } from '../../lab/published-programs.ts'

const { permit: _permit, ...spec } = publishedProgram
const { digest, revision } = spec
const excluded = { 'fairlead.dev/rollout': 'excluded' }

function object(status: object, annotations: Readonly<Record<string, string>> = {}): LiveObject {
  return {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'NodeProgram',
    metadata: { name: 'pi-1', namespace: 'fairlead-system', uid: 'uid', resourceVersion: '1', annotations },
    spec,
    status,
  }
}

function node(change: Partial<NodeFacts> = {}): NodeFacts {
  return { name: 'pi-1', role: 'agent', labels: {}, addresses: [], ...change }
}

function standingOf(facts: NodeFacts, live: LiveObject, wasInForce = false) {
  const records = new Map([['pi-1', publishedRecord(live)]])
  const [standing] = nodeStandings([facts], records, undefined, () => ({ forMs: 400, wasInForce }))
  if (standing === undefined) throw new Error('the node has no standing')
  return standing
}

const settled = { observedSequence: 7, verdict: 'settled', appliedProgram: digest }

test('what is published, for how long, and what its agent says', () => {
  expect(standingOf(node(), object(settled))).toMatchObject({
    node: 'pi-1',
    published: { digest, revision: revision.name, sequence: 7, forMs: 400 },
    status: { observedSequence: 7, appliedProgram: digest },
  })
})

test.each([
  ['its Node', node({ annotations: excluded }), object(settled), true],
  ['its NodeProgram', node(), object(settled, excluded), true],
  ['nobody', node(), object(settled), undefined],
  [
    'somebody who wrote something else',
    node({ annotations: { 'fairlead.dev/rollout': 'paused' } }),
    object(settled),
    undefined,
  ],
] as const)('%s says whether rollouts go on without it', (_, facts, live, isExcluded) => {
  expect(standingOf(facts, live).isExcluded).toBe(isExcluded)
})

test('a node that is not ready is silent; what was in force is remembered', () => {
  expect(standingOf(node({ isReady: false }), object(settled), true)).toMatchObject({
    isSilent: true,
    wasInForce: true,
  })
  expect(standingOf(node({ isReady: true }), object(settled))).not.toHaveProperty('isSilent')
})

test('a status with a sequence that nobody published, and a message of 700 kB, halts nothing and stays small', () => {
  const lie = { observedSequence: 1e15, verdict: 'blocked', reason: 'RolledBack', message: 'x'.repeat(700_000) }
  const standing = standingOf(node(), object(lie))
  const decision = decidePermits([standing], { maxUnavailable: 1 })
  expect(decision.halted).toBeUndefined()
  expect(JSON.stringify(standing).length).toBeLessThan(4_000)
  const honest = standingOf(node(), object({ ...lie, observedSequence: 7 }))
  expect(decidePermits([honest], { maxUnavailable: 1 }).halted).toMatchObject({ node: 'pi-1' })
})

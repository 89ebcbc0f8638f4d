import { expect, test } from 'vitest'
import { publishedRecord } from '../../../src/reconcile/controller/published-record.ts'
import { standingsOf } from '../../../src/reconcile/controller/record-pass.ts'
import { newTurnState, type TurnContext } from '../../../src/reconcile/controller/turn-context.ts'
import { publishedProgram } from '../../lab/published-programs.ts'

const { permit, ...unpermitted } = publishedProgram
const { digest, sequence } = publishedProgram
const settled = { observedSequence: sequence, verdict: 'settled', appliedProgram: digest }
const failing = { ...settled, verdict: 'failed', reason: 'LINK_MISSING' }

/** One node, as a controller sees it over time. */
function turn() {
  const now = { ms: 0, spec: unpermitted as object, status: settled as object }
  const object = () => ({
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'NodeProgram',
    metadata: { name: 'pi-1', namespace: 'fairlead-system', uid: 'uid', resourceVersion: '1' },
    spec: now.spec,
    status: now.status,
  })
  const context = {
    world: { facts: () => ({ nodes: [{ name: 'pi-1', role: 'agent', labels: {}, addresses: [] }] }) },
    published: { all: () => new Map([['pi-1', publishedRecord(object())]]) },
    state: newTurnState(),
    ports: { clock: { monotonicMs: () => now.ms } },
  } as unknown as TurnContext
  const at = (ms: number, change: { readonly spec?: object; readonly status?: object } = {}) => {
    Object.assign(now, { ms, ...change })
    const [standing] = standingsOf(context)
    return standing
  }
  return { at }
}

test('the time of a program begins anew with its permit', () => {
  const { at } = turn()
  expect(at(0)?.published.forMs).toBe(0)
  expect(at(700)?.published.forMs).toBe(700)
  expect(at(900, { spec: { ...unpermitted, permit } })?.published.forMs).toBe(0)
  expect(at(1_500)?.published.forMs).toBe(600)
})

test('a program that was in force with its permit was so whatever becomes of the node', () => {
  const { at } = turn()
  expect(at(0)?.wasInForce).toBeUndefined()
  expect(at(1, { spec: { ...unpermitted, permit } })?.wasInForce).toBe(true)
  expect(at(2, { status: failing })?.wasInForce).toBe(true)
  expect(at(3, { spec: unpermitted })?.wasInForce).toBeUndefined()
})

test('one that failed from the first was never in force', () => {
  const { at } = turn()
  at(0, { spec: { ...unpermitted, permit }, status: { ...settled, appliedProgram: '' } })
  expect(at(1, { status: failing })?.wasInForce).toBeUndefined()
})

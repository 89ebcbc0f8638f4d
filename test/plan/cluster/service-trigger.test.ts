import { expect, test } from 'vitest'
import type { ObservedService } from '../../../src/domain/cluster-observation.ts'
import { enableLabel, poolLabel } from '../../../src/k3s/servicelb-labels.ts'
import { decideTrigger, type TriggerDecision, type TriggerInput } from '../../../src/plan/cluster/service-trigger.ts'
import type { SelectorFinding } from '../../../src/plan/cluster/stale-selectors.ts'

const service: ObservedService = {
  namespace: 'shop',
  name: 'web',
  uid: 'service-1',
  resourceVersion: '1',
  type: 'LoadBalancer',
  labels: {},
}
const daemonSet = {
  service: 'shop/web',
  namespace: 'kube-system',
  name: 'svclb-web',
  uid: 'ds-1',
  nodeSelector: { [enableLabel]: 'true' },
}

/** Keys that are missing: a trigger mends it. */
const lacksPool: SelectorFinding = {
  service,
  daemonSet,
  expected: { [enableLabel]: 'true', [poolLabel]: 'edge' },
  isStale: true,
  hasLeftovers: false,
  servesNobody: false,
}
/** Keys that ServiceLB never takes away. */
const hasLeftovers: SelectorFinding = { ...lacksPool, expected: {}, hasLeftovers: true }
const right: SelectorFinding = { ...lacksPool, isStale: false }
const none: SelectorFinding = { ...right, daemonSet: undefined }

const input = (changes: Partial<TriggerInput>): TriggerInput => ({
  finding: right,
  intended: undefined,
  live: undefined,
  staleForMs: 0,
  isSettled: true,
  ...changes,
})
const valueIn = (decision: TriggerDecision): string => decision.value ?? ''
const triggerOf = (finding: SelectorFinding): string => valueIn(decideTrigger(input({ finding, staleForMs: 5_000 })))

test('a selector that is right needs no annotation, and one that is there goes', () => {
  expect(decideTrigger(input({}))).toEqual({ kind: 'hold' })
  expect(decideTrigger(input({ intended: 'a', live: 'a' }))).toEqual({ kind: 'hold' })
})

test('what was intended is set first, whatever is found', () => {
  for (const finding of [right, lacksPool, hasLeftovers, none]) {
    const decision = decideTrigger(input({ finding, intended: 'a', live: 'b', staleForMs: 1_000_000 }))
    expect(decision).toEqual({ kind: 'hold', value: 'a' })
  }
})

test('ServiceLB is given time before it is triggered, and the trigger is a value of its own for every DaemonSet', () => {
  expect(decideTrigger(input({ finding: lacksPool }))).toMatchObject({ kind: 'wait', forMs: 5_000, isGivenUp: false })
  const first = triggerOf(lacksPool)
  expect(first).toMatch(/^[0-9a-f]{16}$/)
  expect(triggerOf({ ...lacksPool, daemonSet: { ...daemonSet, uid: 'ds-2' } })).not.toBe(first)
  expect(triggerOf({ ...lacksPool, expected: { [enableLabel]: 'true' } })).not.toBe(first)
})

test('a selector that only lacks keys never costs its DaemonSet: it is told when nothing mends it', () => {
  const trigger = triggerOf(lacksPool)
  const after = (staleForMs: number): TriggerDecision =>
    decideTrigger(input({ finding: lacksPool, intended: trigger, live: trigger, staleForMs }))
  expect(after(10_000)).toMatchObject({ kind: 'wait', value: trigger, isGivenUp: false })
  expect(after(60_000)).toMatchObject({ kind: 'wait', value: trigger, isGivenUp: true })
  expect(after(10_000_000)).toMatchObject({ kind: 'wait', value: trigger, isGivenUp: true })
})

test('a selector with leftovers costs its DaemonSet after the trigger, later where nodes are served by it', () => {
  for (const [servesNobody, deleteAfterMs] of [
    [true, 10_000],
    [false, 40_000],
  ] as const) {
    const finding = { ...hasLeftovers, servesNobody }
    const trigger = triggerOf(finding)
    const at = (staleForMs: number): TriggerDecision =>
      decideTrigger(input({ finding, intended: trigger, live: trigger, staleForMs }))
    expect(at(deleteAfterMs - 1)).toMatchObject({ kind: 'wait', forMs: 1 })
    const decision = at(deleteAfterMs)
    expect(decision.kind).toBe('delete')
    expect(valueIn(decision)).not.toBe(trigger)
  }
})

test('after the deletion the trigger stays until there is another DaemonSet, or a minute is over', () => {
  expect(decideTrigger(input({ finding: none, intended: 'a', live: 'a' }))).toMatchObject({ kind: 'wait', value: 'a' })
  expect(decideTrigger(input({ finding: none, intended: 'a', live: 'a', staleForMs: 60_000 }))).toEqual({
    kind: 'hold',
  })
  expect(decideTrigger(input({ finding: none }))).toEqual({ kind: 'hold' })
})

test('while labels are on their way nothing new is begun', () => {
  const decision = decideTrigger(input({ finding: hasLeftovers, isSettled: false, staleForMs: 1_000_000 }))
  expect(decision).toEqual({ kind: 'hold' })
})

test('a Service that ServiceLB does not serve has nothing to be triggered', () => {
  expect(decideTrigger(input({ finding: undefined, intended: 'a', live: 'b' }))).toEqual({ kind: 'hold' })
})

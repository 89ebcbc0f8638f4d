import { expect, describe as group, test } from 'vitest'
import type { RemovalProgress } from '../../src/domain/manifest-removal.ts'
import { type PlannedNode, planNode } from '../../src/plan/plan-node.ts'
import { inventory, manifests, nowMs, observation, observed, planInput } from '../lab/planning.ts'

const lan = `${manifests}/lan.yaml`

function planned(progress: RemovalProgress | undefined, extra: Parameters<typeof planInput>[0] = {}): PlannedNode {
  return planNode(
    planInput({
      engine: 'k3s',
      packaged: { kind: 'starting' },
      inventory: inventory({ [lan]: '' }),
      observation: observation(observed(lan, '', { modifiedAtMs: nowMs - 3_600_000 })),
      removals: new Map(progress === undefined ? [] : [[lan, progress]]),
      ...extra,
    }),
  )
}

const kinds = ({ changes }: PlannedNode): readonly string[] => changes.map(({ kind }) => kind)

group('an emptied manifest', () => {
  test('stays while the API shows that it is not done with, however long that takes', () => {
    const plan = planned('waiting')
    expect(kinds(plan)).toEqual([])
    expect(plan.forget).toEqual([])
    expect(plan.revisitAfterMs).toBe(15_000)
  })

  test('goes as soon as its objects were seen gone, although K3s was only just started', () => {
    const fresh = observation(observed(lan, '', { modifiedAtMs: nowMs }))
    expect(kinds(planned('pruned', { observation: fresh, k3sUpForMs: 1_000 }))).toEqual(['delete'])
  })

  test('goes by time where the API knows nothing of it', () => {
    expect(kinds(planned(undefined))).toEqual(['delete'])
    expect(kinds(planned(undefined, { k3sUpForMs: 60_000 }))).toEqual([])
  })

  test('is not emptied again, nor deleted unemptied, whatever the API shows', () => {
    const full = observation(observed(lan, 'data: {}\n'))
    expect(kinds(planned('pruned', { observation: full, inventory: inventory({ [lan]: 'data: {}\n' }) }))).toEqual([
      'empty',
    ])
  })
})

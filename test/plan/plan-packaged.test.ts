import { expect, test } from 'vitest'
import { planNode } from '../../src/plan/plan-node.ts'
import { describe, inventory, manifests, observation, observed, planInput, program } from '../lab/planning.ts'

const coredns = `${manifests}/coredns.yaml`
const bundle = { kind: 'bundle', files: new Map([[coredns, 'stock']]) } as const
const pristine = { kind: 'pristine', files: new Map([[coredns, 'stock']]) } as const
const report = program([], { drift: { packagedFiles: 'Report', drops: 'Allow' } })

function changes(extra: Parameters<typeof planInput>[0]): string[] {
  return planNode(planInput(extra)).changes.map(describe)
}

test('the bundle is staged where it is missing', () => {
  expect(changes({ packaged: bundle })).toEqual(['restore coredns.yaml Revision'])
})

test('an edited, deleted or widened packaged file is drift and is put back', () => {
  const owned = { packaged: bundle, inventory: inventory({ [coredns]: 'stock' }, 'packaged') }
  expect(changes({ ...owned, observation: observation(observed(coredns, 'edited')) })).toEqual([
    'restore coredns.yaml Drift',
  ])
  expect(changes(owned)).toEqual(['restore coredns.yaml Drift'])
  expect(changes({ ...owned, observation: observation(observed(coredns, 'stock', { mode: 0o644 })) })).toEqual([
    'restore coredns.yaml Drift',
  ])
})

test('with Report an edit is told and stays, until the next start stages everything again', () => {
  const edited = {
    program: report,
    packaged: bundle,
    inventory: inventory({ [coredns]: 'stock' }, 'packaged'),
    observation: observation(observed(coredns, 'edited')),
  }
  const plan = planNode(planInput(edited))
  expect(plan.changes).toEqual([])
  expect(plan.reported.map((drift) => [drift.path, drift.reason])).toEqual([[coredns, 'PackagedFilesReport']])
  expect(changes({ ...edited, restage: true })).toEqual(['restore coredns.yaml Drift'])
})

test('a disabled component of our own bundle is removed, with a K3s never', () => {
  const disabled = {
    observation: observation(observed(coredns, 'stock')),
    inventory: inventory({ [coredns]: 'stock' }, 'packaged'),
  }
  expect(changes({ ...disabled, packaged: { kind: 'bundle', files: new Map() } })).toEqual([
    'delete coredns.yaml Revision',
  ])
  for (const packaged of [
    { kind: 'pristine', files: new Map() } as const,
    { kind: 'unknown' } as const,
    { kind: 'starting' } as const,
  ]) {
    const plan = planNode(planInput({ ...disabled, engine: 'k3s', packaged }))
    expect(plan.changes).toEqual([])
    expect(plan.forget).toEqual([`file:${coredns}`])
  }
})

test('with a K3s an edit is put back as that K3s staged it', () => {
  const k3s = { engine: 'k3s', packaged: pristine } as const
  expect(changes({ ...k3s, observation: observation(observed(coredns, 'edited')) })).toEqual([
    'restore coredns.yaml Drift',
  ])
  expect(changes({ ...k3s, observation: observation(observed(coredns, 'stock')) })).toEqual([])
})

test('what K3s staged is unknown, or it is still staging: nothing is written', () => {
  const files = observation(observed(coredns, 'whatever'), observed(`${manifests}/mine.yaml`, 'drop'))
  for (const [kind, reason] of [
    ['unknown', 'PristineUnknown'],
    ['starting', 'K3sStarting'],
  ] as const) {
    const plan = planNode(planInput({ engine: 'k3s', packaged: { kind }, observation: files }))
    expect(plan.changes).toEqual([])
    expect(plan.reported.map((drift) => [drift.path, drift.reason])).toEqual([[coredns, reason]])
  }
})

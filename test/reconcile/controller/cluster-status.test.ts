import { expect, test } from 'vitest'
import type { ClusterNetworkStatus } from '../../../src/domain/cluster-record.ts'
import type { NodeProgramStatus } from '../../../src/domain/published-program.ts'
import type { NodeStanding } from '../../../src/plan/permits/node-standing.ts'
import { type ClusterStatusInput, clusterStatus } from '../../../src/reconcile/controller/cluster-status.ts'

function revision(number: number): ClusterStatusInput['head'] & object {
  const commit = String(number).repeat(40)
  return { name: `main@sha1:${commit}`, commit, author: 'ada', subject: `push ${number}`, committedAt: '' }
}

function standing(node: string, status?: Partial<NodeProgramStatus>): NodeStanding {
  const said = {
    observedSequence: 1,
    appliedProgram: 'digest',
    appliedRevision: '',
    verdict: 'settled' as const,
    reason: 'Settled',
    message: '',
    conditions: [],
    agentVersion: '',
    formats: [1],
  }
  return {
    node,
    role: 'agent',
    failureGroups: [],
    published: { digest: 'digest', revision: revision(1).name, sequence: 1 },
    ...(status === undefined ? {} : { status: { ...said, ...status } }),
  }
}

function input(change: Partial<ClusterStatusInput> = {}): ClusterStatusInput {
  return {
    previous: undefined,
    head: revision(1),
    refused: undefined,
    published: revision(1),
    sourceFailure: undefined,
    publishFailures: [],
    nodes: [standing('pi-1', {})],
    totalNodes: 1,
    decision: undefined,
    cluster: undefined,
    plan: undefined,
    now: '2026-01-01T00:00:00Z',
    ...change,
  }
}

function conditions({ conditions: all }: ClusterNetworkStatus): Readonly<Record<string, string>> {
  return Object.fromEntries(all.map(({ type, status, reason }) => [type, `${status} ${reason}`]))
}

const problem = {
  code: 'UNKNOWN_FIELD',
  severity: 'error',
  place: { file: 'clusters/home/network.yaml', line: 6, column: 3 },
  what: 'there is no field x',
  why: '',
  fix: 'take it away',
} as const
const halted = { revision: revision(1).name, node: 'pi-1', reason: 'the gateway did not answer' }
const blocked = {
  verdict: { kind: 'blocked', reason: 'NotAdopted', message: 'nobody adopted this cluster' },
  conditions: [{ type: 'Adopted', status: 'False', reason: 'NotAdopted', message: 'nobody did' }],
  plan: { changes: 0, summary: [] },
  inventory: [],
} as const

test.each([
  ['all is as it should be', {}, { Ready: 'True Settled', Reconciling: 'False Idle', Stalled: 'False NotStalled' }],
  [
    'a node is on its way',
    { nodes: [standing('pi-1', { verdict: 'pending', appliedProgram: 'x' })] },
    { Ready: 'False NodesWaiting', Reconciling: 'True Progressing', Stalled: 'False NotStalled' },
  ],
  [
    'a node could not',
    { nodes: [standing('pi-1', { verdict: 'failed', appliedProgram: 'x' })] },
    { Ready: 'False NodesFailed', Reconciling: 'False Idle', Stalled: 'True NodesFailed' },
  ],
  [
    'the newest revision is refused',
    { head: revision(2), refused: [problem] },
    { Ready: 'False DesiredStateInvalid', Reconciling: 'False Idle', Stalled: 'True DesiredStateInvalid' },
  ],
  [
    'a change was taken back',
    { decision: { grant: [], revoke: [], waiting: [], halted } },
    {
      Ready: 'False RolloutHalted',
      Reconciling: 'False Idle',
      Stalled: 'True RolloutHalted',
      RolloutProgressing: 'False RolloutHalted',
    },
  ],
  [
    'labels may not be touched',
    { cluster: blocked },
    { Ready: 'False NotAdopted', Reconciling: 'False Idle', Stalled: 'True NotAdopted', Adopted: 'False NotAdopted' },
  ],
  [
    'nothing was published yet',
    { head: undefined, published: undefined },
    { Ready: 'Unknown NoRevision', Reconciling: 'True Progressing', Stalled: 'False NotStalled' },
  ],
] as const)('the conditions when %s', (_, change, expected) => {
  expect(conditions(clusterStatus(input(change)))).toEqual(expected)
})

const silent = { node: 'pi-2', what: 'it is not ready', fix: 'mend it' }
const turn = { node: 'pi-1', because: 'maxUnavailable is 1, and unavailable: pi-2 (not ready)' }

test.each([
  [
    'a change was taken back',
    { halted },
    'False RolloutHalted',
    `${revision(1).name} was taken back on pi-1: the gateway did not answer; push a revision that changes the program of pi-1, or let the others go on without it: kubectl annotate node pi-1 fairlead.dev/rollout=excluded`,
  ],
  [
    'a change never came into force',
    { halted: { ...halted, isFailure: true } },
    'False RolloutHalted',
    `${revision(1).name} does not come into force on pi-1: the gateway did not answer; push a revision that changes the program of pi-1, or let the others go on without it: kubectl annotate node pi-1 fairlead.dev/rollout=excluded`,
  ],
  [
    'a node is in the way',
    { obstacle: silent, waiting: [turn] },
    'False RolloutBlocked',
    'pi-2 keeps 1 waiting: it is not ready; mend it',
  ],
  [
    'somebody waits for a while',
    { waiting: [turn], excluded: ['pi-3'] },
    'True Progressing',
    '1 wait for their turn; pi-1: maxUnavailable is 1, and unavailable: pi-2 (not ready); without pi-3, excluded from rollouts',
  ],
  ['nobody waits', {}, 'True NobodyWaits', 'No node waits for its turn'],
] as const)('how the rollout goes when %s', (_, decided, reason, message) => {
  const decision = { grant: [], revoke: [], waiting: [], ...decided }
  const status = clusterStatus(input({ decision }))
  expect(conditions(status)['RolloutProgressing']).toBe(reason)
  expect(status.conditions.find(({ type }) => type === 'RolloutProgressing')?.message).toBe(message)
  // A process that has not decided anything yet leaves it as it was.
  expect(conditions(clusterStatus(input({ previous: status })))['RolloutProgressing']).toBe(reason)
})

test('who waits for its turn, and which node is the reason, is told with the nodes that wait', () => {
  const nodes = [standing('pi-1', { appliedProgram: 'x', verdict: 'pending' })]
  const decision = { grant: [], revoke: [], waiting: [turn], obstacle: silent }
  expect(clusterStatus(input({ nodes, decision })).conditions[0]?.message).toBe(
    `0 of 1 nodes are as ${revision(1).name} says; pi-1 waits for its turn: ${turn.because}; pi-2: it is not ready`,
  )
})

test('of the nodes that could not, one is named with its reason', () => {
  const nodes = [
    standing('a', {}),
    standing('b', { appliedProgram: 'x', verdict: 'failed', message: 'the disk is full' }),
  ]
  expect(clusterStatus(input({ nodes, totalNodes: 2 })).conditions[0]?.message).toBe(
    '1 of 2 nodes could not be brought to it; b: the disk is full',
  )
})

test('the record stays small, whatever the texts are that it is made of', () => {
  const long = 'x'.repeat(700_000)
  const head = { ...revision(1), author: long, subject: long }
  const failing = standing('pi-1', { appliedProgram: 'x', verdict: 'failed', message: long })
  const decision = { grant: [], revoke: [], waiting: [{ node: 'pi-1', because: long }] }
  for (const change of [
    { decision: { ...decision, halted: { ...halted, reason: long } } },
    { decision, nodes: [failing] },
  ]) {
    let status: ClusterNetworkStatus | undefined
    for (const number of [1, 2, 3, 4, 5]) {
      status = clusterStatus(input({ previous: status, ...change, head: { ...head, name: `main@sha1:${number}` } }))
    }
    expect(JSON.stringify(status).length).toBeLessThan(64_000)
  }
})

test('a refused revision is told with file and line, and what was good stays observed', () => {
  const status = clusterStatus(input({ head: revision(2), refused: [problem] }))
  expect(status.observedRevision).toBe(revision(1).name)
  expect(status.attemptedRevision).toBe(revision(2).name)
  expect(status.conditions[0]?.message).toContain('clusters/home/network.yaml:6:3 UNKNOWN_FIELD')
})

test('the same state gives the same bytes, whatever the time is', () => {
  const first = clusterStatus(input())
  const again = clusterStatus(input({ previous: first, now: '2026-02-02T00:00:00Z' }))
  expect(again).toEqual(first)
})

test('a time moves with the status of its condition alone', () => {
  const first = clusterStatus(input())
  const later = '2026-02-02T00:00:00Z'
  const next = clusterStatus(input({ previous: first, now: later, nodes: [standing('pi-1', { appliedProgram: 'x' })] }))
  expect(next.conditions.map(({ type, lastTransitionTime }) => [type, lastTransitionTime === later])).toEqual([
    ['Ready', true],
    ['Reconciling', true],
    ['Stalled', false],
  ])
})

test('nodes are counted by how far they are, each once', () => {
  const nodes = [
    standing('a', {}),
    standing('b'),
    standing('c', { appliedProgram: 'x', verdict: 'pending' }),
    standing('d', { appliedProgram: 'x', verdict: 'blocked' }),
    standing('e', { appliedProgram: 'x', reason: 'RolledBack', verdict: 'pending' }),
  ]
  expect(clusterStatus(input({ nodes, totalNodes: 6 })).nodes).toEqual({
    total: 6,
    current: 1,
    waiting: 1,
    failed: 2,
    silent: 1,
  })
})

test('the history holds the last five revisions, the newest with its verdict as of now', () => {
  let status: ClusterNetworkStatus | undefined
  for (const number of [1, 2, 3, 4, 5, 6]) {
    const head = revision(number)
    const waiting = [standing('pi-1', { appliedProgram: 'x', verdict: 'pending' })]
    status = clusterStatus(input({ previous: status, head, published: head, nodes: waiting }))
    status = clusterStatus(input({ previous: status, head, published: head }))
  }
  expect(status?.history.map(({ subject, verdict }) => `${subject} ${verdict}`)).toEqual([
    'push 6 settled',
    'push 5 settled',
    'push 4 settled',
    'push 3 settled',
    'push 2 settled',
  ])
})

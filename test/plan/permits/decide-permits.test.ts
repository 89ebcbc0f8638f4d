import { describe, expect, test } from 'vitest'
import { agentPatienceMs } from '../../../src/plan/permits/agent-patience.ts'
import { decidePermits } from '../../../src/plan/permits/decide-permits.ts'
import { unusedPermitMs } from '../../../src/plan/permits/ended-permits.ts'
import { failureGroups } from '../../../src/plan/permits/failure-groups.ts'
import type { NodeStanding } from '../../../src/plan/permits/node-standing.ts'
import { asking, digest, done, onTrial, revision, standing, takenBack } from './standings.ts'

const server = { role: 'server', failureGroups: ['etcd'] } as const
const edge = { failureGroups: ['pool:edge'] } as const

interface Case {
  readonly name: string
  readonly nodes: readonly NodeStanding[]
  readonly max?: number
  readonly granted: readonly string[]
  readonly because: string
}

const cases: readonly Case[] = [
  {
    name: 'nobody asks',
    nodes: [standing('a'), standing('b', { status: 'never' })],
    granted: [],
    because: 'what is in force, or was never looked at, needs none',
  },
  {
    name: 'the first by name goes ahead alone',
    nodes: [asking('c'), asking('a'), asking('b')],
    max: 3,
    granted: ['a'],
    because: 'nobody knows yet whether the change is good',
  },
  {
    name: 'an agent goes before a server',
    nodes: [asking('a-server', server), asking('z-agent')],
    granted: ['z-agent'],
    because: 'a server takes the datastore with it',
  },
  {
    name: 'a server goes first where only servers ask',
    nodes: [asking('b', server), asking('a', server), standing('agent')],
    granted: ['a'],
    because: 'the agent is through without a risk',
  },
  {
    name: 'others wait for the one ahead',
    nodes: [onTrial('a'), asking('b'), asking('c')],
    max: 3,
    granted: [],
    because: 'its change may still be taken back',
  },
  {
    name: 'a permit that its agent has not seen counts already',
    nodes: [asking('a', { permit: digest, published: { sequence: 8 } }), asking('b')],
    max: 3,
    granted: [],
    because: 'it may begin at any moment',
  },
  {
    name: 'once it is in force, as many follow as may be out at once',
    nodes: [done('a'), asking('b'), asking('c'), asking('d')],
    max: 2,
    granted: ['b', 'c'],
    because: 'maxUnavailable is 2',
  },
  {
    name: 'those that are under way count',
    nodes: [done('a'), onTrial('b'), asking('c'), asking('d')],
    max: 2,
    granted: ['c'],
    because: 'one of two places is taken',
  },
  {
    name: 'a trial counts without a permit as well',
    nodes: [done('a'), onTrial('b', { permit: 'd1', published: { digest: 'd1' } }), standing('c'), asking('d')],
    granted: [],
    because: 'somebody began it on the machine itself, or the permit is gone',
  },
  {
    name: 'a node that fails counts',
    nodes: [done('a'), standing('b', { status: { verdict: 'failed', reason: 'DISK_FULL' } }), asking('c')],
    granted: [],
    because: 'it may be down for its users',
  },
  {
    name: 'a node that is not heard of any more counts',
    nodes: [done('a'), standing('b', { isSilent: true }), asking('c')],
    granted: [],
    because: 'it answered once, so it is one of those that ought to be there',
  },
  {
    name: 'a node that never answered does not count',
    nodes: [done('a'), standing('b', { isSilent: true, status: 'never' }), asking('c')],
    granted: ['c'],
    because: 'a machine without an agent would stop every rollout',
  },
  {
    name: 'a node that never answered counts when it was permitted',
    nodes: [done('a'), standing('b', { permit: digest, status: 'never' }), asking('c')],
    granted: [],
    because: 'it may have begun',
  },
  {
    name: 'a dead server without an agent blocks the other servers',
    nodes: [
      done('a'),
      standing('s1', { ...server, isSilent: true, status: 'never' }),
      asking('s2', server),
      asking('b'),
    ],
    max: 3,
    granted: ['b'],
    because: 'the datastore has lost a member already',
  },
  {
    name: 'never two of a failure group',
    nodes: [done('a'), asking('b', edge), asking('c', edge), asking('s1', server), asking('s2', server)],
    max: 5,
    granted: ['b', 's1'],
    because: 'pool and datastore keep the rest of their nodes',
  },
  {
    name: 'a permitted node that went silent blocks its group and one place, not everybody',
    nodes: [done('a'), onTrial('b', { ...edge, isSilent: true }), asking('c', edge), asking('d'), asking('e')],
    max: 2,
    granted: ['d'],
    because: 'two may be out',
  },
  {
    name: 'a silent node that asked is not permitted',
    nodes: [done('a'), asking('b', { isSilent: true }), asking('c')],
    max: 5,
    granted: ['c'],
    because: 'its question is old',
  },
  {
    name: 'a node that fails comes after those that are well',
    nodes: [asking('c'), failing('b')],
    max: 2,
    granted: ['c'],
    because: 'what goes wrong there says more about the change',
  },
  {
    name: 'a node that fails is permitted when nobody else is out',
    nodes: [done('a'), failing('b'), standing('c')],
    granted: ['b'],
    because: 'the change may be what mends it',
  },
  {
    name: 'of nodes that all fail one begins, servers as well',
    nodes: [failing('s2', server), failing('s1', server), failing('s3', server)],
    granted: ['s1'],
    because: 'they would wait for each other for ever',
  },
  {
    name: 'the others that fail wait while one is mended',
    nodes: [failing('a', { permit: digest, published: { sequence: 8 } }), failing('b'), failing('c')],
    max: 5,
    granted: [],
    because: 'it goes ahead alone',
  },
  {
    name: 'a server that fails does not begin while another one is silent',
    nodes: [done('a'), failing('s1', server), standing('s2', { ...server, isSilent: true })],
    max: 5,
    granted: [],
    because: 'the datastore has lost a member already',
  },
  {
    name: 'what fails elsewhere puts nobody out',
    nodes: [done('a'), brokenChart('s1', done('s1', server)), brokenChart('s2', done('s2', server)), asking('b')],
    max: 2,
    granted: ['b'],
    because: 'manifests that cannot be applied are no matter of the kernel',
  },
  {
    name: 'a node whose manifests fail is permitted',
    nodes: [done('a'), brokenChart('b', asking('b'), 'AwaitingPermit')],
    granted: ['b'],
    because: 'its kernel is as it should be, and waits',
  },
  {
    name: 'a node that failed long after its change was in force does not halt its revision',
    nodes: [done('a'), failed('b', { wasInForce: true }), asking('c')],
    max: 2,
    granted: ['c'],
    because: 'its change was good, and it counts as one that is out',
  },
  {
    name: 'the only proof is one also when it fails later on',
    nodes: [failed('b', { wasInForce: true }), asking('c')],
    max: 2,
    granted: ['c'],
    because: 'its probes had confirmed it',
  },
  {
    name: 'a question that its agent does not stand by any more is none',
    nodes: [done('a'), asking('b', { published: { sequence: 8 } }), asking('c')],
    max: 5,
    granted: ['c'],
    because: 'it may be on the way with a permit that was taken back, and must look first',
  },
  {
    name: 'a node that may be on the way with a permit that was taken back counts',
    nodes: [done('a'), asking('b', { published: { sequence: 9 } }), asking('c')],
    granted: [],
    because: 'it is known to be over only once it has looked',
  },
  {
    name: 'of one group nobody begins beside one that may be on the way',
    nodes: [done('a'), asking('s1', { ...server, published: { sequence: 9 } }), asking('s2', server)],
    max: 5,
    granted: [],
    because: 'never two servers',
  },
  {
    name: 'a sequence that nobody published is no look',
    nodes: [done('a'), withoutPermit(takenBack('b', { published: { sequence: 5 } })), asking('c')],
    max: 5,
    granted: ['c'],
    because: 'it says that it saw 7',
  },
  {
    name: 'the first that went silent holds the others of its revision back, without its permit as well',
    nodes: [asking('a', { isSilent: true, published: { sequence: 9 } }), asking('b')],
    max: 5,
    granted: [],
    because: 'the change may have cut it off',
  },
  {
    name: 'the first whose agent alone is gone gives way once its permit is taken back',
    nodes: [asking('a', { published: { sequence: 9 } }), asking('b')],
    max: 5,
    granted: ['b'],
    because: 'the node itself is there',
  },
  {
    name: 'an excluded node is not permitted, and nobody waits for it',
    nodes: [
      done('a'),
      asking('b', { isExcluded: true }),
      standing('c', { isExcluded: true, isSilent: true }),
      asking('d'),
    ],
    granted: ['d'],
    because: 'somebody said so',
  },
  {
    name: 'the word of an excluded node halts nothing',
    nodes: [done('a'), takenBack('b', { isExcluded: true }), asking('c')],
    granted: ['c'],
    because: 'somebody looked at it',
  },
  {
    name: 'an excluded node that is first is not waited for',
    nodes: [onTrial('a', { isExcluded: true }), asking('b')],
    granted: ['b'],
    because: 'rollouts go on without it',
  },
  {
    name: 'a server that is gone blocks its group, excluded or not',
    nodes: [done('a'), standing('s1', { ...server, isExcluded: true, isSilent: true }), asking('s2', server)],
    max: 5,
    granted: [],
    because: 'no word of anybody brings its member of the datastore back',
  },
  {
    name: 'an excluded server on trial blocks its group',
    nodes: [done('a'), onTrial('s1', { ...server, isExcluded: true }), asking('s2', server)],
    max: 5,
    granted: [],
    because: 'never two servers',
  },
  {
    name: 'an excluded server that fails and is there blocks nobody',
    nodes: [done('a'), failing('s1', { ...server, isExcluded: true }), asking('s2', server)],
    granted: ['s2'],
    because: 'somebody looked at it, and its member of the datastore is there',
  },
  {
    name: 'what was taken back halts the revision',
    nodes: [done('a'), takenBack('b'), asking('c')],
    max: 5,
    granted: [],
    because: 'the change is not good everywhere',
  },
  {
    name: 'what was taken back halts although the permit was lost with its object',
    nodes: [done('a'), withoutPermit(takenBack('b')), asking('c')],
    max: 5,
    granted: [],
    because: 'the agent says so of the program that is published',
  },
  {
    name: 'what was taken back of an earlier program does not halt this one',
    nodes: [done('a'), withoutPermit(takenBack('b', { published: { sequence: 9 } })), asking('c')],
    max: 5,
    granted: ['c'],
    because: 'its agent has not looked at what is published now',
  },
  {
    name: 'a permitted node that fails halts the revision',
    nodes: [done('a'), done('b', { status: { verdict: 'failed', reason: 'FILTER_REJECTED' } }), asking('c')],
    max: 5,
    granted: [],
    because: 'the change broke it, as far as anybody can tell',
  },
  {
    name: 'another revision is not halted',
    nodes: [takenBack('b', { published: { revision: 'main@sha1:1' } }), asking('c')],
    max: 5,
    granted: ['c'],
    because: 'it may be the way out',
  },
  {
    name: 'a change that is tried again holds others up until it is in force',
    nodes: [onTrial('a'), asking('b')],
    max: 5,
    granted: [],
    because: 'nothing proves it yet',
  },
  {
    name: 'no more than one at a time when the policy says less than one',
    nodes: [done('a'), asking('b'), asking('c')],
    max: 0,
    granted: ['b'],
    because: 'a rollout that nobody may begin never ends',
  },
  {
    name: 'a restart of K3s that is still due does not hold up others',
    nodes: [
      done('a', {
        status: { verdict: 'pending', reason: 'RestartPending', conditions: [kernelReady('True', 'Applied')] },
      }),
      asking('b'),
    ],
    granted: ['b'],
    because: 'the kernel is as the program says, and nothing is taken back any more',
  },
  {
    name: 'a trial behind a worse verdict is one',
    nodes: [
      done('a'),
      standing('b', {
        status: { verdict: 'blocked', reason: 'ForeignFile', conditions: [kernelReady('False', 'Confirming')] },
      }),
      asking('c'),
    ],
    granted: [],
    because: 'the condition of the kernel says so',
  },
  {
    name: 'a question about an earlier program is none',
    nodes: [asking('a', { status: { awaitingPermit: { program: 'd1', changes: [] } } })],
    granted: [],
    because: 'its agent has not looked yet',
  },
]

function kernelReady(status: 'True' | 'False', reason: string) {
  return { type: 'KernelReady', status, reason, message: '', lastTransitionTime: '2026-01-01T00:00:00Z' } as const
}

function failing(node: string, more: Parameters<typeof asking>[1] = {}): NodeStanding {
  const conditions = [kernelReady('False', 'FILTER_CONTESTED')]
  return asking(node, { ...more, status: { verdict: 'failed', reason: 'FILTER_CONTESTED', conditions } })
}

/** With a permit, and past its question. */
function failed(node: string, more: Parameters<typeof asking>[1] = {}): NodeStanding {
  const conditions = [kernelReady('False', 'LINK_MISSING')]
  return done(node, {
    ...more,
    status: { verdict: 'failed', reason: 'LINK_MISSING', message: 'the link is missing', conditions },
  })
}

function brokenChart(node: string, before: NodeStanding, kernel = 'Applied'): NodeStanding {
  const conditions = [
    kernelReady(kernel === 'Applied' ? 'True' : 'False', kernel),
    { ...kernelReady('False', 'ManifestsFailed'), type: 'Deployed' },
  ]
  const { status } = before
  if (status === undefined) throw new Error(`${node} has to say something`)
  return { ...before, status: { ...status, verdict: 'failed', reason: 'ManifestsFailed', conditions } }
}

function withoutPermit({ permit: _permit, ...rest }: NodeStanding): NodeStanding {
  return rest
}

describe('who may begin', () => {
  for (const { name, nodes, max = 1, granted, because } of cases) {
    test(name, () => {
      const decision = decidePermits(nodes, { maxUnavailable: max })
      expect(
        decision.grant.map(({ node }) => node),
        because,
      ).toEqual(granted)
      expect(decision.grant.map(({ program }) => program)).toEqual(granted.map(() => digest))
    })
  }

  test('the order in which nodes come does not matter', () => {
    for (const { nodes, max = 1 } of cases) {
      const policy = { maxUnavailable: max }
      expect(decidePermits(nodes.toReversed(), policy)).toEqual(decidePermits(nodes, policy))
    }
  })
})

test('the halt names revision, node and reason', () => {
  expect(decidePermits([done('a'), takenBack('b'), asking('c')], { maxUnavailable: 1 })).toEqual({
    grant: [],
    revoke: [],
    halted: { revision, node: 'b', reason: 'a probe failed: gateway' },
    waiting: [{ node: 'c', because: `${revision} is halted by b: a probe failed: gateway` }],
  })
})

test('everybody who waits is told for whom', () => {
  const nodes = [
    done('a'),
    onTrial('b', edge),
    asking('c', edge),
    asking('d'),
    asking('e', { published: { revision: 'main@sha1:3' } }),
    onTrial('f', { published: { revision: 'main@sha1:3' } }),
  ]
  expect(decidePermits(nodes, { maxUnavailable: 2 }).waiting).toEqual([
    { node: 'c', because: 'b of the same group pool:edge is unavailable (on trial)' },
    { node: 'd', because: 'maxUnavailable is 2, and unavailable: b (on trial), f (on trial)' },
    { node: 'e', because: 'f goes ahead alone with main@sha1:3 (on trial)' },
  ])
})

describe('where nothing goes on by itself, one node is named', () => {
  const obstacle = (nodes: readonly NodeStanding[], max = 1) => decidePermits(nodes, { maxUnavailable: max }).obstacle

  test.each([
    ['it is not ready', [done('a'), standing('b', { isSilent: true }), asking('c')]],
    [
      'it is not ready any more, and may have begun: its change may have cut it off',
      [asking('b', { isSilent: true, permit: digest, published: { sequence: 8 } }), asking('c')],
    ],
    ['its agent has not looked at its program', [done('a'), asking('b', { published: { sequence: 9 } }), asking('c')]],
    ['its change waits for a person', [onTrial('b', { status: { reason: 'AwaitingConfirmation' } }), asking('c')]],
    ['it fails: the link is missing', [done('a'), failed('b', { wasInForce: true }), asking('c')]],
    [
      'it may begin and is not through: nothing is repaired until fairlead resume',
      [
        standing('b', {
          permit: digest,
          published: { forMs: unusedPermitMs },
          status: { verdict: 'unknown', appliedProgram: 'd1', message: 'nothing is repaired until fairlead resume' },
        }),
        asking('c'),
      ],
    ],
  ] as const)('%s', (what, nodes) => {
    expect(obstacle(nodes)).toMatchObject({ node: 'b', what })
  })

  test('and how to go on without it', () => {
    expect(obstacle([done('a'), standing('b', { isSilent: true }), asking('c')])?.fix).toBe(
      'mend it, or remove it from the cluster; or let the others go on without it: kubectl annotate node b fairlead.dev/rollout=excluded',
    )
  })

  test.each([
    ['nobody waits', [done('a'), standing('b', { isSilent: true })], 1],
    ['somebody begins', [done('a'), standing('b', { isSilent: true }), asking('c')], 2],
    ['a trial ends by itself', [done('a'), standing('b', { isSilent: true }), onTrial('c'), asking('d')], 2],
    [
      'an agent has had no time to look',
      [done('a'), asking('b', { published: { sequence: 9, forMs: 0 } }), asking('c')],
      1,
    ],
  ] as const)('none while %s', (_, nodes, max) => {
    expect(obstacle(nodes, max)).toBeUndefined()
  })
})

describe('a permit that nobody used', () => {
  const unused = (forMs: number, more: Parameters<typeof asking>[1] = {}) =>
    asking('a', { permit: digest, ...more, published: { sequence: 8, forMs } })

  test('is taken back after a while, and it is said when', () => {
    expect(decidePermits([unused(unusedPermitMs - 100)], { maxUnavailable: 1 })).toMatchObject({
      revoke: [],
      againInMs: 100,
    })
    expect(decidePermits([unused(unusedPermitMs)], { maxUnavailable: 1 }).revoke).toEqual([
      { node: 'a', program: digest },
    ])
  })

  test('stays where its agent has seen it, or its change is in place, or through', () => {
    const published = { forMs: unusedPermitMs }
    for (const standing of [
      asking('a', { permit: digest, published }),
      onTrial('a', { published }),
      done('a', { published }),
    ]) {
      expect(decidePermits([standing], { maxUnavailable: 1 }).revoke).toEqual([])
    }
  })

  test('is taken back at once where its node is excluded', () => {
    const decision = decidePermits([unused(0, { isExcluded: true })], { maxUnavailable: 1 })
    expect(decision).toMatchObject({ revoke: [{ node: 'a', program: digest }], excluded: ['a'] })
  })
})

test('what never came into force halts, and is not called taken back', () => {
  const decision = decidePermits([done('a'), failed('b'), asking('c')], { maxUnavailable: 5 })
  expect(decision.halted).toEqual({ revision, node: 'b', reason: 'the link is missing', isFailure: true })
  expect(decidePermits([done('a'), failed('b')], { maxUnavailable: 5 }).halted).toBeUndefined()
})

test('of many that are out three are named', () => {
  const out = ['a', 'b', 'c', 'd', 'e'].map((name) => standing(name, { isSilent: true }))
  expect(decidePermits([...out, done('x'), asking('y')], { maxUnavailable: 5 }).waiting).toEqual([
    {
      node: 'y',
      because: 'maxUnavailable is 5, and unavailable: a (not ready), b (not ready), c (not ready) and 2 more',
    },
  ])
})

describe('a permit of a program that is published no more', () => {
  test('is revoked once its agent knows', () => {
    const decision = decidePermits([standing('a', { permit: 'd1' })], { maxUnavailable: 1 })
    expect(decision.revoke).toEqual([{ node: 'a', program: 'd1' }])
  })

  test('stays, and counts, until then: the earlier program may have begun', () => {
    const late = standing('b', { permit: 'd1', published: { sequence: 8 } })
    const decision = decidePermits([done('a'), late, asking('c')], { maxUnavailable: 1 })
    expect(decision).toMatchObject({ grant: [], revoke: [] })
  })

  test('is revoked although its agent asks for another one: its program may come back', () => {
    const decision = decidePermits([onTrial('a'), asking('b', { permit: 'd1' })], { maxUnavailable: 1 })
    expect(decision).toMatchObject({ grant: [], revoke: [{ node: 'b', program: 'd1' }] })
  })

  test('gives way to the one of the new program', () => {
    const decision = decidePermits([asking('a', { permit: 'd1' })], { maxUnavailable: 1 })
    expect(decision).toMatchObject({ grant: [{ node: 'a', program: digest }], revoke: [] })
  })
})

describe('a server that would go first', () => {
  const slow = (forMs: number) => standing('z', { status: { observedSequence: 6 }, published: { forMs } })

  test('waits for agents that have not looked yet, and it is said for how long', () => {
    const decision = decidePermits([asking('s', server), slow(400)], { maxUnavailable: 1 })
    expect(decision).toMatchObject({ grant: [], againInMs: agentPatienceMs - 400 })
    expect(decision.waiting).toEqual([{ node: 's', because: 'an agent goes before a server, and z may yet ask' }])
  })

  test('does not wait for ever', () => {
    const decision = decidePermits([asking('s', server), slow(agentPatienceMs)], { maxUnavailable: 1 })
    expect(decision.grant).toEqual([{ node: 's', program: digest }])
    expect(decision.againInMs).toBeUndefined()
  })

  test('does not wait for the dead, nor for those that never answered', () => {
    const gone = { ...slow(0), isSilent: true }
    const never = standing('y', { status: 'never', published: { forMs: 0 } })
    const decision = decidePermits([asking('s', server), gone, never], { maxUnavailable: 2 })
    expect(decision.grant.map(({ node }) => node)).toEqual(['s'])
  })
})

test('servers share the datastore, the nodes of a pool its addresses', () => {
  expect(failureGroups('server', ['lan', 'edge'])).toEqual(['etcd', 'pool:edge', 'pool:lan'])
  expect(failureGroups('agent', [])).toEqual([])
})

test('two thousand nodes that all ask go group by group', () => {
  const nodes = Array.from({ length: 2_000 }, (_, at) => asking(`node-${at}`, { failureGroups: [`pool:${at % 50}`] }))
  const { grant, waiting } = decidePermits([done('first'), ...nodes], { maxUnavailable: 100 })
  expect(grant).toHaveLength(50)
  expect(waiting).toHaveLength(1_950)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { leaderLease } from '../../../src/adapters/kube/leader-lease.ts'
import { asRecord } from '../../../src/domain/plain-json.ts'
import type { LeaderTerm } from '../../../src/ports/kube-objects-port.ts'
import { SimulatedLeaseServer, type SimulatedNetwork } from './simulated-lease-server.ts'
import { isWithin, type SimulatedProcess, SimulatedTime, type Stretch } from './simulated-time.ts'

interface Candidate {
  readonly name: string
  readonly process?: SimulatedProcess
  readonly network?: SimulatedNetwork
  /** When it is told to end. */
  readonly endsAtMs?: number
}

interface Seen {
  /** Who led, in the order of their terms. */
  readonly leaders: readonly string[]
  /** Longest stretch in which nobody led, once somebody had. */
  readonly longestGapMs: number
  readonly most: number
  readonly server: SimulatedLeaseServer
}

const settings = { namespace: 'kube-system', name: 'fairlead' }
const near: SimulatedNetwork = { latencyMs: 5 }

/** Who works, each while its term is held and its process runs, and never two at once. */
async function campaign(candidates: readonly Candidate[], untilMs: number): Promise<Seen> {
  const time = new SimulatedTime()
  const server = new SimulatedLeaseServer(time)
  const terms = new Map<string, LeaderTerm>()
  const leaders: string[] = []
  const stop = new AbortController()
  const done = candidates.map(async ({ name, process, network = near, endsAtMs }) => {
    const clock = time.clock(process)
    const end = new AbortController()
    if (endsAtMs !== undefined) void clock.sleep(endsAtMs, stop.signal).then(() => end.abort())
    const lease = leaderLease(server.client(clock, network), clock, { ...settings, identity: name }, () => 0.5)
    await lease.campaign(
      async (term) => {
        terms.set(name, term)
        leaders.push(name)
        await new Promise((resolve) => term.signal.addEventListener('abort', resolve, { once: true }))
        terms.delete(name)
      },
      AbortSignal.any([stop.signal, end.signal]),
    )
  })
  const works = ({ name, process }: Candidate): boolean =>
    terms.get(name)?.isHeld() === true && !isWithin(time.nowMs, process?.stopped)
  let [most, gapFromMs, longestGapMs] = [0, Number.POSITIVE_INFINITY, 0]
  await time.run(untilMs, () => {
    const count = candidates.filter(works).length
    most = Math.max(most, count)
    if (count === 0 && leaders.length > 0) gapFromMs = Math.min(gapFromMs, time.nowMs)
    else gapFromMs = Number.POSITIVE_INFINITY
    if (gapFromMs < time.nowMs) longestGapMs = Math.max(longestGapMs, time.nowMs - gapFromMs)
  })
  stop.abort()
  await time.run(untilMs + 60_000, () => undefined)
  await Promise.all(done)
  return { leaders, longestGapMs, most, server }
}

test('of three, one leads, and goes on as long as it renews', async () => {
  const seen = await campaign([{ name: 'a' }, { name: 'b' }, { name: 'c' }], 120_000)
  expect(seen).toMatchObject({ leaders: ['a'], most: 1, longestGapMs: 0 })
})

test('a leader that is told to end gives the lead away, and another has it within a retry', async () => {
  const seen = await campaign([{ name: 'a', endsAtMs: 30_000 }, { name: 'b' }], 60_000)
  expect(seen).toMatchObject({ leaders: ['a', 'b'], most: 1 })
  expect(seen.longestGapMs).toBeLessThanOrEqual(2_500)
})

test('a leader that dies is followed within 15 seconds', async () => {
  const dead = { stopped: [{ fromMs: 30_000, toMs: 10_000_000 }] }
  const seen = await campaign([{ name: 'a', process: dead }, { name: 'b' }, { name: 'c' }], 120_000)
  expect(seen.leaders.slice(0, 2)).toEqual(['a', expect.stringMatching(/^[bc]$/)])
  expect(seen.longestGapMs).toBeLessThanOrEqual(15_000)
})

test('a leader that is cut off stops before another begins, and does not come back by itself', async () => {
  const network = { latencyMs: 5, cutOff: [{ fromMs: 30_000, toMs: 60_000 }] }
  const seen = await campaign([{ name: 'a', network }, { name: 'b' }], 120_000)
  expect(seen).toMatchObject({ leaders: ['a', 'b'], most: 1 })
  expect(seen.longestGapMs).toBeLessThanOrEqual(15_000)
})

test('answers that get lost cost the lead only when there are none for long', async () => {
  const short = { latencyMs: 5, mute: [{ fromMs: 30_000, toMs: 33_000 }] }
  expect((await campaign([{ name: 'a', network: short }, { name: 'b' }], 90_000)).leaders).toEqual(['a'])
})

test('wall clocks that are hours apart change nothing', async () => {
  const early = { offsetMs: -7_200_000 }
  const late = { offsetMs: 7_200_000, stopped: [{ fromMs: 40_000, toMs: 70_000 }] }
  const seen = await campaign(
    [
      { name: 'a', process: late },
      { name: 'b', process: early },
    ],
    120_000,
  )
  expect(seen).toMatchObject({ leaders: ['a', 'b'], most: 1 })
})

test('a Lease says who leads since when, with six digits, and that nobody does after a good end', async () => {
  const { server } = await campaign([{ name: 'a' }], 30_000)
  expect(asRecord(server.lease?.['spec'])).toMatchObject({
    holderIdentity: '',
    leaseTransitions: 0,
    renewTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
  })
})

const stretch = fc
  .tuple(fc.integer({ min: 0, max: 150_000 }), fc.integer({ min: 1, max: 40_000 }))
  .map(([fromMs, lengthMs]): Stretch => ({ fromMs, toMs: fromMs + lengthMs }))
const stretches = fc.array(stretch, { maxLength: 4 })
const anyCandidate = fc.record({
  process: fc.record({ stopped: stretches, offsetMs: fc.integer({ min: -100_000, max: 100_000 }) }),
  network: fc.record({ latencyMs: fc.integer({ min: 0, max: 400 }), cutOff: stretches, mute: stretches }),
})

test('whatever stops, is cut off or loses answers: never do two lead at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyCandidate, { minLength: 2, maxLength: 4 }), async (anyOnes) => {
      const candidates = anyOnes.map((one, at) => ({ ...one, name: `c${at}` }))
      expect((await campaign(candidates, 180_000)).most).toBeLessThanOrEqual(1)
    }),
    { numRuns: 200 },
  )
})

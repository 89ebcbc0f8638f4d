import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/adapters/clock/system-clock.ts'
import { leaderLease } from '../../../src/adapters/kube/leader-lease.ts'
import type { ClockPort } from '../../../src/ports/clock-port.ts'
import type { LeaderTerm } from '../../../src/ports/kube-objects-port.ts'
import { clusterTest, hasApiServer, saySkipped } from '../../cluster/api-server.ts'
import { type ChildServer, startChild } from '../../cluster/child-server.ts'
import { type FaultProxy, startFaultProxy } from '../../cluster/proxy.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'
import { overlaps, type Turn, turnsOf } from './election-log.ts'
import { type FaultLab, never, openFaultLab } from './fault-lab.ts'

const failoverMs = 15_000
/** A lease that a test need not wait for. */
const shortMs = 4_000

let lab: FaultLab | undefined
beforeAll(async () => {
  if (hasApiServer) lab = await openFaultLab()
}, 120_000)
afterAll(() => lab?.stop(), 60_000)
beforeEach(async () => {
  const ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: 'kube-system', name: 'election' }
  await lab?.direct.delete(ref, {}, never)
})

function running(): FaultLab {
  if (lab === undefined) throw new Error('the API server did not start')
  return lab
}

interface Candidate {
  readonly process: ChildServer
  /** Its own way to the API. */
  readonly proxy: FaultProxy
}

interface Election {
  readonly candidates: ReadonlyMap<string, Candidate>
  turns(): readonly Turn[]
  /** Whoever leads now, once somebody does who did not before. */
  nextLeader(after?: Turn): Promise<Turn>
}

async function electionOf(names: readonly string[], leaseMs?: number): Promise<Election> {
  const directory = await temporaryDirectory()
  const log = join(directory, 'leads')
  const script = fileURLToPath(new URL('candidate.ts', import.meta.url))
  const candidates = new Map<string, Candidate>()
  onTestFinished(async () => {
    for (const { process: child, proxy } of candidates.values()) {
      await child.stop('SIGKILL')
      await proxy.stop()
    }
  })
  for (const name of names) {
    const proxy = await startFaultProxy(running().server)
    const kubeconfig = proxy.through(running().server.kubeconfigOf(`candidate-${name}`, ['system:masters']))
    const child = startChild(
      process.execPath,
      [script, kubeconfig, name, log, ...(leaseMs === undefined ? [] : [String(leaseMs)])],
      join(directory, `${name}.out`),
    )
    candidates.set(name, { process: child, proxy })
  }
  return {
    candidates,
    turns: () => turnsOf(log),
    async nextLeader(after) {
      for (const deadlineMs = nowMs() + 2 * failoverMs; nowMs() < deadlineMs; ) {
        const latest = turnsOf(log).at(-1)
        if (latest !== undefined && (latest.name !== after?.name || latest.turn !== after.turn)) return latest
        for (const [name, { process: child }] of candidates) {
          const end = child.ended()
          if (end !== undefined && !end.includes('SIGKILL')) throw new Error(`${name} ${end}`)
        }
        await sleep(20)
      }
      throw new Error(`nobody followed ${after?.name ?? 'at all'} within ${2 * failoverMs} ms`)
    },
  }
}

function of(election: Election, { name }: Turn): Candidate {
  const candidate = election.candidates.get(name)
  if (candidate === undefined) throw new Error(`${name} is nobody`)
  return candidate
}

clusterTest('a leader that is killed is followed within fifteen seconds', async () => {
  const election = await electionOf(['a', 'b', 'c'])
  const first = await election.nextLeader()
  await of(election, first).process.stop('SIGKILL')
  const endedMs = nowMs()
  const second = await election.nextLeader(first)
  expect(second.name).not.toBe(first.name)
  expect(second.fromMs - endedMs).toBeLessThan(failoverMs)
  expect(overlaps(election.turns())).toEqual([])
})

clusterTest('a leader that is stopped, and goes on after another one leads, never leads beside it', async () => {
  const election = await electionOf(['a', 'b'])
  const first = await election.nextLeader()
  process.kill(of(election, first).process.pid, 'SIGSTOP')
  const stoppedMs = nowMs()
  const second = await election.nextLeader(first)
  process.kill(of(election, first).process.pid, 'SIGCONT')
  expect(second.fromMs - stoppedMs).toBeLessThan(failoverMs)
  await sleep(1_500)
  expect(overlaps(election.turns())).toEqual([])
  expect(election.turns().map(({ name }) => name)).toEqual([first.name, second.name])
})

clusterTest('a leader that alone hears nothing of the API any more gives up before another one leads', async () => {
  const election = await electionOf(['a', 'b'], shortMs)
  const first = await election.nextLeader()
  of(election, first).proxy.script = () => ({ kind: 'silence' })
  const silentMs = nowMs()
  const second = await election.nextLeader(first)
  expect(second.fromMs - silentMs).toBeLessThan(failoverMs)
  await sleep(500)
  expect(overlaps(election.turns())).toEqual([])
  // It knew by itself, and not because it heard of the other one.
  const own = election.turns().find(({ name, turn }) => name === first.name && turn === first.turn)
  expect(second.fromMs - (own?.toMs ?? 0)).toBeGreaterThan(0.2 * shortMs)
})

clusterTest('while the API is away nobody leads for long, and afterwards exactly one does', async () => {
  const election = await electionOf(['a', 'b'], shortMs)
  const first = await election.nextLeader()
  await running().server.kill('apiServer')
  const awayMs = nowMs()
  await sleep(1.5 * shortMs)
  const own = election.turns().find(({ name, turn }) => name === first.name && turn === first.turn)
  expect((own?.toMs ?? 0) - awayMs).toBeLessThan(0.75 * shortMs)
  await running().server.start('apiServer')
  const backMs = nowMs()
  const next = await election.nextLeader(first)
  expect(next.fromMs - backMs).toBeLessThan(failoverMs)
  await sleep(1_000)
  expect(overlaps(election.turns())).toEqual([])
})

clusterTest('a storm of 500 that is shorter than the lease costs nobody the lead', async () => {
  const election = await electionOf(['a', 'b'])
  const first = await election.nextLeader()
  const proxies = [...election.candidates.values()].map(({ proxy }) => proxy)
  for (const proxy of proxies) {
    proxy.forget()
    proxy.script = () => ({ kind: 'answer', status: 500 })
  }
  await sleep(4_000)
  // The leader tries for its lead, the other one asks at its leisure.
  expect(Math.max(...proxies.map(({ calls }) => calls.length))).toBeLessThan(20)
  for (const proxy of proxies) proxy.script = () => undefined
  await sleep(3_000)
  expect(election.turns().map(({ name, turn }) => ({ name, turn }))).toEqual([{ name: first.name, turn: first.turn }])
})

const hour = 3_600_000
const clocks: readonly { readonly name: string; readonly skewsMs: readonly [number, number, number] }[] = [
  { name: 'an hour ahead and an hour behind', skewsMs: [hour, 0, -hour] },
  { name: 'in another decade', skewsMs: [-30 * 365 * 24 * hour, 0, 30 * 365 * 24 * hour] },
]

for (const { name, skewsMs } of clocks) {
  clusterTest(`clocks ${name}: one leads at a time, and each is followed in its turn`, async () => {
    const leads = skewsMs.map((skewMs, at) =>
      campaign(
        `skewed-${at}`,
        skewed(() => skewMs),
      ),
    )
    let left = await Promise.all(leads)
    while (left.length > 0) {
      await expect.poll(() => left.filter(({ holds }) => holds()).length, { timeout: 5_000 }).toBe(1)
      for (let looks = 0; looks < 40; looks += 1) {
        expect(left.filter(({ holds }) => holds()).length).toBeLessThanOrEqual(1)
        await sleep(10)
      }
      const leader = left.find(({ holds }) => holds())
      await leader?.end()
      left = left.filter((one) => one !== leader)
    }
  })
}

clusterTest('a clock that is set forward costs the lead, one that is set back does not prolong it', async () => {
  let skewMs = 0
  const leader = await campaign(
    'jumping',
    skewed(() => skewMs),
  )
  await expect.poll(() => leader.holds(), { timeout: 5_000 }).toBe(true)
  skewMs = -hour
  expect(leader.holds()).toBe(true)
  skewMs = hour
  expect(leader.holds()).toBe(false)
  const other = await campaign('steady', systemClock())
  await expect.poll(() => [leader, other].filter(({ holds }) => holds()).length, { timeout: 5_000 }).toBe(1)
  await Promise.all([leader.end(), other.end()])
})

/** In this process, with a lease of two seconds. */
async function campaign(
  identity: string,
  clock: ClockPort,
): Promise<{ readonly holds: () => boolean; readonly end: () => Promise<void> }> {
  const end = new AbortController()
  const objects = await running().open()
  const timing = { leaseMs: 2_000, renewWithinMs: 1_400, retryMs: 200 }
  const lease = leaderLease(objects, clock, { namespace: 'kube-system', name: 'election', identity, ...timing })
  let now: LeaderTerm | undefined
  const done = lease.campaign(async (term) => {
    now = term
    await new Promise<void>((resolve) => term.signal.addEventListener('abort', () => resolve()))
  }, end.signal)
  return {
    holds: () => now?.isHeld() ?? false,
    end: async () => {
      end.abort()
      await done
    },
  }
}

function skewed(skewMs: () => number): ClockPort {
  const clock = systemClock()
  return { ...clock, nowMs: () => clock.nowMs() + skewMs() }
}

function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

test('turns that share a moment are found', () => {
  const turnOf = (name: string, turn: number, fromMs: number, toMs: number): Turn => ({ name, turn, fromMs, toMs })
  expect(overlaps([turnOf('a', 0, 0, 10), turnOf('b', 1, 11, 20)])).toEqual([])
  expect(overlaps([turnOf('a', 0, 0, 10), turnOf('b', 1, 9, 20), turnOf('a', 2, 21, 30)])).toEqual(['a#0 and b#1'])
})

saySkipped()

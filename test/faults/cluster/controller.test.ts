import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFailed } from 'vitest'
import { clusterTest, hasApiServer, saySkipped } from '../../cluster/api-server.ts'
import { seededChance } from '../../lab/seeded-chance.ts'
import { type ClusterPicture, foreignOf, pictureOf, putControlledCluster } from './controlled-cluster.ts'
import { ControllerTrials } from './controller-trials.ts'
import { type FaultLab, openFaultLab } from './fault-lab.ts'

/** The long form: FAIRLEAD_CONTROLLER_KILLS=200. */
const kills = Number(process.env['FAIRLEAD_CONTROLLER_KILLS'] ?? 30)
const seed = Number(process.env['FAIRLEAD_FAULT_SEED'] ?? 5)
const failoverMs = 15_000

let lab: FaultLab | undefined
let trials: ControllerTrials | undefined
/** What undisturbed controllers made of both revisions, in this cluster. */
let wanted: { readonly a: ClusterPicture; readonly b: ClusterPicture } | undefined
let variant: 'a' | 'b' = 'a'

beforeAll(async () => {
  if (!hasApiServer) return
  lab = await openFaultLab()
  await putControlledCluster(lab)
  trials = await ControllerTrials.open(lab)
}, 120_000)
afterEach(async () => {
  if (lab !== undefined) lab.proxy.script = () => undefined
  await trials?.stopAll()
}, 60_000)
afterAll(async () => {
  await trials?.close()
  await lab?.stop()
}, 60_000)

function running(): { readonly lab: FaultLab; readonly trials: ControllerTrials } {
  if (lab === undefined || trials === undefined) throw new Error('the API server did not start')
  const now = { lab, trials }
  onTestFailed(() => {
    process.stderr.write(`FAIRLEAD_FAULT_SEED=${seed}\n${now.trials.lastWords()}\n`)
  })
  return now
}

/** Pushes the other one of the two revisions. @returns what is to be there in the end */
async function pushOther(trials: ControllerTrials): Promise<ClusterPicture> {
  if (wanted === undefined) throw new Error('nobody knows what an undisturbed controller makes')
  variant = variant === 'a' ? 'b' : 'a'
  await trials.push(variant)
  return wanted[variant]
}

clusterTest(`killed after any of its writes, ${kills} times: it makes what an undisturbed one makes`, async () => {
  const { lab, trials } = running()
  const chance = seededChance(seed)
  const foreign = await foreignOf(lab)
  let done = 0
  // First over a cluster that has nothing of ours: no kinds, no key, no programs.
  await trials.push('a')
  while (done < kills / 3 && (await trials.killedAfter(1 + Math.floor(chance() * 6)))) done += 1
  const first = await trials.undisturbed('a')
  wanted = { a: first, b: await trials.undisturbed('b') }
  expect(await trials.undisturbed('a')).toEqual(first)
  expect(await foreignOf(lab)).toEqual(foreign)
  // Then from one revision to the other and back, each time it is there.
  while (done < kills) {
    const picture = await pushOther(trials)
    while (await trials.killedAfter(1 + Math.floor(chance() * 16), picture)) done += 1
    expect(await pictureOf(lab)).toEqual(trials.atHead(picture))
    expect(await foreignOf(lab)).toEqual(foreign)
  }
  expect(trials.mostCalls).toBeLessThan(200)
})

/** From the push until everything is published, through the fault: some 40 writes, and a look at the record every second. */
const mostCalls = 300

clusterTest('of two, the second one goes on within fifteen seconds, and they never write both', async () => {
  const { lab, trials } = running()
  await trials.freeTheLead()
  lab.proxy.forget()
  for (const name of ['one', 'two']) trials.start(name)
  await trials.reach(await pushOther(trials))
  const leader = await trials.leader()
  const next = leader === 'one' ? 'two' : 'one'
  const picture = await pushOther(trials)
  await trials.stop(leader, 'SIGKILL')
  const killedMs = performance.now()
  await trials.reach(picture)
  const writesOf = (name: string): readonly number[] =>
    lab.proxy.calls
      .filter(({ user, isWrite, resource }) => user === name && isWrite && !['leases', 'events'].includes(resource))
      .map(({ atMs }) => atMs)
  const [firstMs = Number.POSITIVE_INFINITY] = writesOf(next)
  expect(firstMs - killedMs).toBeLessThan(failoverMs)
  expect(firstMs).toBeGreaterThan(Math.max(...writesOf(leader)))
})

describe('a push in the middle of', () => {
  const faults: readonly { readonly name: string; readonly strike: (lab: FaultLab) => Promise<void> }[] = [
    { name: 'a storm of 500, 429 and broken connections', strike: storm },
    {
      name: 'the death of the API server',
      async strike({ server }) {
        await server.kill('apiServer')
        await sleep(2_000)
        await server.start('apiServer')
      },
    },
    {
      name: 'the death of etcd',
      async strike({ server }) {
        await server.kill('etcd')
        await sleep(2_000)
        await server.start('etcd')
      },
    },
  ]
  for (const { name, strike } of faults) {
    clusterTest(`${name} is carried out by the same process, with as many requests as it takes`, async () => {
      const { lab, trials } = running()
      await trials.freeTheLead()
      const before = await pushOther(trials)
      const process = trials.start()
      await trials.reach(before)
      const foreign = await foreignOf(lab)
      lab.proxy.forget()
      const picture = await pushOther(trials)
      await strike(lab)
      await trials.reach(picture)
      expect(process.ended()).toBeUndefined()
      expect(await foreignOf(lab)).toEqual(foreign)
      expect(lab.proxy.calls.length).toBeLessThan(mostCalls)
    })
  }
})

async function storm({ proxy }: FaultLab): Promise<void> {
  const chance = seededChance(seed)
  proxy.script = () => {
    const drawn = chance()
    if (drawn < 0.3) return { kind: 'answer', status: 500 }
    if (drawn < 0.5) return { kind: 'answer', status: 429, retryAfterSeconds: 1 }
    return drawn < 0.7 ? { kind: 'cut-answer' } : undefined
  }
  proxy.cutAll()
  await sleep(5_000)
  proxy.script = () => undefined
}

saySkipped()

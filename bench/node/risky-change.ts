/**
 * A change that could cut the node off, through agents from the bundle: program file written → rules in force, → first
 * verdict of the probes, → confirmed after the settle time, and decision → everything as before, where the decision is
 * that of failing probes, of `fairlead rollback`, or the death of the agent (kill -9). Each in namespaces of its own,
 * with a peer that answers pings; one at a time, but for the long waits of confirmations.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { NetworkProgram } from '../../src/domain/network-program.ts'
import { newNamespace } from '../../test/netns/namespace.ts'
import { type BenchAgent, newBenchAgent } from '../lab/bench-agent.ts'
import { isCommit, type KernelMonitor, monitorKernel } from '../lab/kernel-monitor.ts'
import { type Row, report } from '../lab/report.ts'
import { harmfulDeny, harmlessDeny, peerAddress, peerBatch, unwatchedDeny } from '../lab/routed-agent.ts'
import { spreadOf } from '../lab/statistics.ts'

const rounds = Number(process.env['ROUNDS'] ?? 3)
/** src/reconcile/round-plan.ts, for a window of a minute. */
const settleMs = 10_000
const lineOfOurs = { iptables: '-j FAIRLEAD-INPUT', nft: 'FAIRLEAD-INPUT' } as const
const list = {
  iptables: ['iptables-nft-save', '-t', 'filter'],
  nft: ['nft', '-s', 'list', 'ruleset'],
} as const

type Plane = NetworkProgram['plane']
const planes: readonly Plane[] = ['iptables', 'nft']
const rows: Row[] = []
for (const plane of planes) rows.push(...(await measure(plane)))
report('node-risky-change', rows)

interface Times {
  readonly inForce: number[]
  readonly verdict: number[]
  readonly afterProbes: number[]
  readonly afterVerb: number[]
  readonly afterKill: number[]
}

async function measure(plane: Plane): Promise<readonly Row[]> {
  const times: Times = { inForce: [], verdict: [], afterProbes: [], afterVerb: [], afterKill: [] }
  for (let round = 0; round < rounds; round += 1) {
    await onMachine((machine) => takenBackByProbes(plane, machine, times))
    await onMachine((machine) => takenBackByVerb(plane, machine, times))
    await onMachine((machine) => takenBackByDeath(plane, machine, times))
  }
  const confirmed = await Promise.all(
    [0, 1, 2].map(async (index) => {
      await sleep(index * 1_000)
      return onMachine((machine) => confirmedByProbes(plane, machine))
    }),
  )
  const name = plane === 'iptables' ? 'iptables-nft' : 'nft table'
  const row = (what: string, values: readonly number[], limitMs?: number): Row => {
    const spread = spreadOf(values)
    const bar = limitMs === undefined ? {} : { bar: `all ≤ ${limitMs}`, met: spread.max <= limitMs }
    return { what: `${name}: ${what} (ms)`, measured: { ...spread }, ...bar }
  }
  return [
    row('program written → rules in force', times.inForce, 1_000),
    row('program written → first verdict, the one that fails after 2,000', times.verdict, 3_000),
    row('program written → confirmed, less the settle time', confirmed),
    row('probes decide → as before', times.afterProbes, 5_000),
    row('fairlead rollback started → as before', times.afterVerb, 5_000),
    row('agent killed → as before', times.afterKill, 5_000),
  ]
}

interface MachineUnderTest extends BenchAgent {
  readonly monitor: KernelMonitor
}

/** An agent that has nothing to do yet, and a peer on the other end of its device. */
async function onMachine<T>(work: (machine: MachineUnderTest) => Promise<T>): Promise<T> {
  const peer = await newNamespace('bench')
  try {
    await using bench = await newBenchAgent()
    const { ns, agent } = bench
    await ns.run(['/usr/sbin/ip', '-batch', '-'], peerBatch(peer.name))
    await peer.run(['ip', 'address', 'add', `${peerAddress}/24`, 'dev', 'peer0'])
    await peer.run(['ip', 'link', 'set', 'peer0', 'up'])
    await ns.run(['ping', '-c', '1', '-W', '5', peerAddress])
    agent.write(undefined)
    agent.start()
    await agent.statusUntil(({ conditions }) => conditions.length > 0)
    const monitor = await monitorKernel(ns, ['/usr/sbin/nft', 'monitor'])
    await sleep(1_000)
    try {
      return await work({ ...bench, monitor })
    } finally {
      await monitor.stop()
    }
  } finally {
    await peer.down()
  }
}

async function takenBackByProbes(plane: Plane, { ns, agent, monitor }: MachineUnderTest, times: Times): Promise<void> {
  const writtenMs = performance.now()
  agent.write(harmfulDeny(plane))
  times.inForce.push((await monitor.next(isCommit, writtenMs)).atMs - writtenMs)
  times.verdict.push((await logged('a probe failed after the change', agent)) - writtenMs)
  const decidedMs = await logged('change taken back', agent)
  times.afterProbes.push(await untilGone(plane, ns, decidedMs))
}

async function takenBackByVerb(plane: Plane, machine: MachineUnderTest, times: Times): Promise<void> {
  const { ns, agent } = machine
  times.inForce.push(await unconfirmed(plane, machine))
  const decidedMs = performance.now()
  const verb = agent.verb('rollback')
  times.afterVerb.push(await untilGone(plane, ns, decidedMs))
  const { code, out } = await verb
  if (code !== 0) throw new Error(out)
}

async function takenBackByDeath(plane: Plane, machine: MachineUnderTest, times: Times): Promise<void> {
  const { ns, agent } = machine
  times.inForce.push(await unconfirmed(plane, machine))
  const decidedMs = performance.now()
  const stopped = agent.stop('SIGKILL')
  times.afterKill.push(await untilGone(plane, ns, decidedMs))
  await stopped
}

/** @returns milliseconds until the rules were in force */
async function unconfirmed(plane: Plane, { ns, agent, monitor }: MachineUnderTest): Promise<number> {
  const writtenMs = performance.now()
  agent.write(unwatchedDeny(plane))
  const { atMs } = await monitor.next(isCommit, writtenMs)
  await agent.statusUntil(({ network }) => network?.checkpoint?.phase === 'probing')
  if (!(await ns.run(list[plane])).includes(lineOfOurs[plane])) throw new Error('the rules are not in force')
  return atMs - writtenMs
}

/** @returns milliseconds beside the settle time */
async function confirmedByProbes(plane: Plane, { ns, agent }: MachineUnderTest): Promise<number> {
  const writtenMs = performance.now()
  agent.write(harmlessDeny(plane))
  const confirmedMs = await logged('change confirmed', agent)
  if (!(await ns.run(list[plane])).includes(lineOfOurs[plane])) throw new Error('what was confirmed is not in force')
  return confirmedMs - writtenMs - settleMs
}

/** @returns when it was seen in the log, on the clock of `performance.now()` */
async function logged(message: string, { log }: MachineUnderTest['agent']): Promise<number> {
  const deadline = performance.now() + 30_000
  while (!log().includes(`"${message}"`)) {
    if (performance.now() > deadline) throw new Error(`not logged: ${message}\n${log()}`)
    await sleep(2)
  }
  return performance.now()
}

/** @returns milliseconds since `sinceMs` until nothing leads to our chain */
async function untilGone(plane: Plane, ns: MachineUnderTest['ns'], sinceMs: number): Promise<number> {
  while ((await ns.run(list[plane])).includes(lineOfOurs[plane])) {
    if (performance.now() - sinceMs > 60_000) throw new Error('the change was not taken back')
    await sleep(5)
  }
  return performance.now() - sinceMs
}

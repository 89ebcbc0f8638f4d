/**
 * A flushed chain, a deleted jump, table or route → back, through an agent from the bundle, where the kernel tells of
 * changes. A time is that between two messages of the kernel: the harm was committed, the repair was committed. Beside
 * it the physical limit: a monitor, and one plain `iptables-restore`, `nft -f` or `ip route` as soon as it tells.
 *
 * The program denies something, so that nobody gives up repairing it: it is repaired again after 50 ms or four times as
 * long as its repair took, and before each harm comes a pause at least as long. Routes are harmed in turn. The plain
 * writes go through `ip netns exec`, which takes a few milliseconds of their time.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Namespace } from '../../test/netns/namespace.ts'
import { bringIntoForce, newBenchAgent } from '../lab/bench-agent.ts'
import { type KernelMonitor, monitorKernel } from '../lab/kernel-monitor.ts'
import { type Harm, type RepairKind, repairKinds } from '../lab/repair-kinds.ts'
import { type Row, report } from '../lab/report.ts'
import { spreadOf } from '../lab/statistics.ts'

const trials = Number(process.env['REPAIRS'] ?? 50)
const peerTrials = Number(process.env['REPAIRS'] ?? 30)
const barMs = 150

const rows: Row[] = []
for (const kind of repairKinds) rows.push(...(await measure(kind)))
report('node-repair', rows)

async function measure(kind: RepairKind): Promise<readonly Row[]> {
  await using bench = await newBenchAgent()
  const { ns, agent } = bench
  await bringIntoForce(bench, kind.program)
  const saved = await readSaved(kind, ns)
  const monitor = await monitorKernel(ns, kind.monitor)
  // What the monitors of a new agent are told, and its first passes, are over then.
  await sleep(2_000)
  const measured: Row[] = []
  for (const harm of kind.harms) {
    const times: number[] = []
    for (let turn = 0; turn < trials; turn += 1) times.push(await repairOnce({ kind, harm, turn, ns, saved }, monitor))
    const spread = spreadOf(times)
    const what = `${kind.name}: ${harm.what} → back (ms)`
    measured.push({ what, measured: { ...spread }, bar: `p99 ≤ ${barMs}`, met: spread.p99 <= barMs })
  }
  await agent.stop()
  for (const harm of kind.harms) {
    const times: number[] = []
    for (let turn = 0; turn < peerTrials; turn += 1) {
      times.push(await peerOnce({ kind, harm, turn, ns, saved }, monitor))
    }
    measured.push({ what: `peer: ${harm.what}, monitor and one plain write (ms)`, measured: { ...spreadOf(times) } })
  }
  await monitor.stop()
  return measured
}

interface Trial {
  readonly kind: RepairKind
  readonly harm: Harm
  readonly turn: number
  readonly ns: Namespace
  readonly saved: string
}

/** @returns milliseconds between the two commits */
async function repairOnce({ kind, harm, turn, ns, saved }: Trial, monitor: KernelMonitor): Promise<number> {
  const beganMs = performance.now()
  await ns.run(harm.harm(turn))
  const harmed = await monitor.next(kind.isChange, beganMs)
  let repaired = await monitor.next(kind.isChange, harmed.atMs)
  for (let looks = 1; (await readSaved(kind, ns)) !== saved; looks += 1) {
    if (looks > 20) throw new Error(`${kind.name}: ${harm.what} was not repaired`)
    repaired = await monitor.next(kind.isChange, repaired.atMs)
  }
  const tookMs = repaired.atMs - harmed.atMs
  await sleep(kind.isEachOnce ? 50 : Math.min(1_000, 50 + 4 * tookMs))
  return tookMs
}

async function peerOnce({ kind, harm, turn, ns, saved }: Trial, monitor: KernelMonitor): Promise<number> {
  const { argv, input } = harm.putRight(turn, saved)
  const beganMs = performance.now()
  const harming = ns.run(harm.harm(turn))
  const harmed = await monitor.next(kind.isChange, beganMs)
  const writing = ns.run(argv, input)
  const repaired = await monitor.next(kind.isChange, harmed.atMs)
  await Promise.all([harming, writing])
  if ((await readSaved(kind, ns)) !== saved) throw new Error(`peer: ${harm.what} was not repaired`)
  return repaired.atMs - harmed.atMs
}

/** Without counters and remarks. */
async function readSaved({ save }: RepairKind, ns: Namespace): Promise<string> {
  const text = await ns.run(save)
  return text.replace(/^#.*\n/gm, '').replace(/ \[\d+:\d+\]$/gm, '')
}

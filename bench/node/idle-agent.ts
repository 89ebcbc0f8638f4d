/**
 * Agents from the bundle at rest, each holding 1,000 rules and 200 routes in a namespace of its own: resident memory of
 * the process and of the monitors that it keeps, and the share of a core that it takes with everything that it starts.
 * On the legacy backend the share contains the poll.
 */

import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NetworkProgram } from '../../src/domain/network-program.ts'
import { type BenchAgent, bringIntoForce, networkProgram, newBenchAgent } from '../lab/bench-agent.ts'
import { residentMiB } from '../lab/demo-process.ts'
import { denyingFilter } from '../lab/filter-sizes.ts'
import { cpuWithChildrenMs, peakMiB } from '../lab/process-cost.ts'
import { type Row, report } from '../lab/report.ts'
import { routesOf } from '../lab/route-set.ts'
import { round } from '../lab/statistics.ts'

const watchMs = Number(process.env['IDLE_MS'] ?? 60_000)
const settleMs = Number(process.env['SETTLE_MS'] ?? 15_000)
const held = { filter: denyingFilter(1_000), routes: routesOf(200, 2) }
const programs: Readonly<Record<string, NetworkProgram>> = {
  'iptables-nft': networkProgram({ ...held, backend: 'nft' }),
  'iptables-legacy': networkProgram({ ...held, backend: 'legacy' }),
  'nft table': networkProgram({ ...held, plane: 'nft' }),
}

const bareNode = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' })
const rows: Row[] = []
const benches: (readonly [string, BenchAgent])[] = []
try {
  for (const [name, program] of Object.entries(programs)) {
    const bench = await newBenchAgent()
    benches.push([name, bench])
    await bringIntoForce(bench, program)
  }
  await sleep(settleMs)
  const before = benches.map(([, { agent }]) => cpuWithChildrenMs(agent.pid()))
  await sleep(watchMs)
  for (const [index, [name, { agent }]] of benches.entries()) {
    const core = round(((cpuWithChildrenMs(agent.pid()) - (before[index] ?? 0)) / watchMs) * 100)
    const { own, children } = residentMiB(agent.pid())
    rows.push(
      {
        what: `${name}: agent at rest (MiB)`,
        measured: { own, children: round(children), peak: peakMiB(agent.pid()) },
        bar: 'own ≤ 80 (aim 64), children ≤ 15',
        met: own <= 80 && children <= 15,
      },
      { what: `${name}: agent at rest (% of a core)`, measured: { core }, bar: '≤ 1', met: core <= 1 },
    )
  }
} finally {
  for (const [, bench] of benches) await bench[Symbol.asyncDispose]()
}
rows.push({ what: 'peer: node with one timer (MiB)', measured: { own: residentMiB(bareNode.pid ?? 0).own } })
bareNode.kill()
report('node-idle', rows)

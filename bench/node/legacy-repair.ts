/**
 * A flushed chain or a deleted jump → back on the legacy backend, of which the kernel tells nobody: an agent from the
 * bundle looks every two seconds. A time begins when the harming program has ended, and ends when a save shows everything
 * as it was; saves follow each other every 10 ms. Four agents in namespaces of their own wait side by side. The peer:
 * bare `iptables-legacy-restore` of the same lines.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Namespace } from '../../test/netns/namespace.ts'
import { type BenchAgent, bringIntoForce, networkProgram, newBenchAgent } from '../lab/bench-agent.ts'
import { denyingFilter } from '../lab/filter-sizes.ts'
import { report } from '../lab/report.ts'
import { spreadOf } from '../lab/statistics.ts'

const trialsPerAgent = Number(process.env['REPAIRS'] ?? 25)
/** As src/adapters/network-events has it. */
const pollMs = 2_000
const barMs = pollMs + 300
const program = networkProgram({ backend: 'legacy', filter: denyingFilter(200) })
const chain = 'FAIRLEAD-INPUT'
const harms = {
  'chain flushed': ['iptables-legacy', '-F', chain],
  'jump deleted': ['iptables-legacy', '-D', 'INPUT', '1'],
} as const
type HarmName = keyof typeof harms

const restored: number[] = []
const agents = await Promise.all(
  (['chain flushed', 'chain flushed', 'jump deleted', 'jump deleted'] as const).map(async (harm) => ({
    harm,
    times: await timesOf(harm),
  })),
)
report('node-repair-legacy', [
  ...(Object.keys(harms) as HarmName[]).map((name) => {
    const spread = spreadOf(agents.filter(({ harm }) => harm === name).flatMap(({ times }) => times))
    return {
      what: `iptables-legacy: ${name} → back (ms)`,
      measured: { ...spread },
      bar: `p99 ≤ ${barMs}, the poll and 300`,
      met: spread.p99 <= barMs,
    }
  }),
  { what: 'peer: iptables-legacy-restore of the same chain (ms)', measured: { ...spreadOf(restored) } },
])

async function timesOf(harm: HarmName): Promise<readonly number[]> {
  await using bench = await newBenchAgent()
  const { ns } = bench
  await bringIntoForce(bench, program)
  await sleep(pollMs)
  const saved = await saveOf(ns)
  const times: number[] = []
  for (let turn = 0; turn < trialsPerAgent; turn += 1) {
    // At any time between two polls.
    await sleep(300 + Math.random() * pollMs)
    times.push(await repairOnce(harm, saved, ns))
  }
  await plainRestores(bench, saved)
  return times
}

async function repairOnce(harm: HarmName, saved: string, ns: Namespace): Promise<number> {
  await ns.run(harms[harm])
  const harmedMs = performance.now()
  while ((await saveOf(ns)) !== saved) {
    if (performance.now() - harmedMs > 30_000) throw new Error(`iptables-legacy: ${harm} was not repaired`)
    await sleep(10)
  }
  return performance.now() - harmedMs
}

async function plainRestores({ agent, ns }: BenchAgent, saved: string): Promise<void> {
  await agent.stop()
  const lines = saved.split('\n').filter((line) => line.startsWith(`-A ${chain} `))
  const input = `${['*filter', `:${chain} - [0:0]`, ...lines, 'COMMIT'].join('\n')}\n`
  for (let turn = 0; turn < 10; turn += 1) {
    const startedAt = performance.now()
    await ns.run(['iptables-legacy-restore', '--noflush'], input)
    restored.push(performance.now() - startedAt)
  }
}

/** Without counters and remarks. */
async function saveOf(ns: Namespace): Promise<string> {
  const text = await ns.run(['iptables-legacy-save', '-t', 'filter'])
  return text.replace(/^#.*\n/gm, '').replace(/ \[\d+:\d+\]$/gm, '')
}

/** The demo at rest: resident memory after the Git process left, and the share of a core it uses. */
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuMs, residentMiB, startDemo } from './lab/demo-process.ts'
import { report } from './lab/report.ts'
import { round } from './lab/statistics.ts'

const watchMs = Number(process.env['IDLE_MS'] ?? 60_000)

const bareNode = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' })
const demo = await startDemo('--interval', '10m')
const withGit = residentMiB(demo.pid)
await sleep(65_000)
const startMs = cpuMs(demo.pid)
await sleep(watchMs)
const resident = residentMiB(demo.pid)
const core = round(((cpuMs(demo.pid) - startMs) / watchMs) * 100)
const bare = residentMiB(bareNode.pid ?? 0)
await demo.stop()

const polling = await startDemo('--interval', '30s')
await sleep(10_000)
const pollStartMs = cpuMs(polling.pid)
await sleep(watchMs)
const pollCore = round(((cpuMs(polling.pid) - pollStartMs) / watchMs) * 100)
await polling.stop()
bareNode.kill()

report('idle', [
  {
    what: 'run, Git process gone (MiB)',
    measured: { own: resident.own, children: resident.children },
    bar: '≤ 110',
    met: resident.own + resident.children <= 110,
  },
  { what: 'run, Git process warm (MiB)', measured: { own: withGit.own, children: withGit.children } },
  { what: 'run at rest (% of a core)', measured: { core }, bar: '≤ 1', met: core <= 1 },
  { what: 'run, polling every 30 s (% of a core)', measured: { core: pollCore } },
  { what: 'peer: node with one timer (MiB)', measured: { own: bare.own } },
])

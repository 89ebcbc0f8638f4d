/**
 * `git push` → files written: a real client pushes to the demo's repository, one changed value at a time. Beside it, in
 * the same run, what the git command line needs to fetch the same commits, and to clone.
 */
import { execFile } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { contentOf, startDemo, until } from './lab/demo-process.ts'
import { report } from './lab/report.ts'
import { spreadOf } from './lab/statistics.ts'

const run = promisify(execFile)
const pushes = Number(process.env['PUSHES'] ?? 100)
const coldPushes = Number(process.env['COLD_PUSHES'] ?? 3)
/** The Git process of the demo leaves after 60 s without work. */
const untilColdMs = 62_000

const demo = await startDemo()
const network = join(demo.clone, 'clusters/home/network.yaml')
const written = join(demo.manifests, 'fairlead-traefik.yaml')
const original = readFileSync(network, 'utf8')
const peer = join(demo.directory, 'peer')
await run('git', ['clone', '--quiet', '--bare', demo.repositoryUrl, peer])

const [fromStart, fromAnswer, gitFetch, gitClone]: [number[], number[], number[], number[]] = [[], [], [], []]

async function pushOnce(port: number): Promise<{ readonly total: number; readonly afterAnswer: number }> {
  writeFileSync(network, original.replace(/exposedPort: \d+/, `exposedPort: ${port}`))
  await demo.git('commit', '--quiet', '--all', '-m', `web on ${port}`)
  const startedAt = performance.now()
  let answeredAt = Number.NaN
  const pushed = demo.git('push', '--quiet').then(() => {
    answeredAt = performance.now()
  })
  await until(() => contentOf(written)?.includes(`exposedPort: ${port}\n`) === true, 20_000)
  const seenAt = performance.now()
  await pushed
  return { total: seenAt - startedAt, afterAnswer: Math.max(0, seenAt - answeredAt) }
}

for (let count = 0; count < pushes + 5; count += 1) {
  const { total, afterAnswer } = await pushOnce(10_000 + count)
  const fetchedAt = performance.now()
  await run('git', ['fetch', '--quiet', 'origin', 'main:main'], { cwd: peer })
  if (count < 5) continue
  fromStart.push(total)
  fromAnswer.push(afterAnswer)
  gitFetch.push(performance.now() - fetchedAt)
}
for (let count = 0; count < 10; count += 1) {
  const target = join(demo.directory, 'fresh')
  const startedAt = performance.now()
  await run('git', ['clone', '--quiet', '--depth=1', '--no-checkout', demo.repositoryUrl, target])
  gitClone.push(performance.now() - startedAt)
  rmSync(target, { recursive: true, force: true })
}
const cold: number[] = []
for (let count = 0; count < coldPushes; count += 1) {
  await sleep(untilColdMs)
  cold.push((await pushOnce(20_000 + count)).total)
}
await demo.stop()

const warm = spreadOf(fromStart)
const late = spreadOf(cold)
report('push-to-applied', [
  {
    what: 'push started → file written, warm (ms)',
    measured: { ...warm },
    bar: 'p50 ≤ 250, p99 ≤ 1000',
    met: warm.p50 <= 250 && warm.p99 <= 1000,
  },
  { what: 'push answered → file written, warm (ms)', measured: { ...spreadOf(fromAnswer) } },
  ...(cold.length === 0
    ? []
    : [
        {
          what: 'push started → file written, cold (ms)',
          measured: { ...late },
          bar: 'p50 ≤ 700',
          met: late.p50 <= 700,
        },
      ]),
  { what: 'peer: git fetch of the same commit (ms)', measured: { ...spreadOf(gitFetch) } },
  { what: 'peer: git clone --depth=1 (ms)', measured: { ...spreadOf(gitClone) } },
])

/** `fairlead --help` and `fairlead validate` of the template, above what bare Node needs to start. */
import { spawnSync } from 'node:child_process'
import { report } from './lab/report.ts'
import { round, spreadOf } from './lab/statistics.ts'

const rounds = Number(process.env['ROUNDS'] ?? 40)
const root = new URL('..', import.meta.url).pathname
const commands: Readonly<Record<string, readonly string[]>> = {
  bare: ['-e', '0'],
  help: [`${root}bin/fairlead.cjs`, '--help'],
  validate: [`${root}bin/fairlead.cjs`, 'validate', '--repo', `${root}cluster-repo-template`],
}
const times: Record<string, number[]> = { bare: [], help: [], validate: [] }
// Interleaved, so that what else the machine does falls on all of them alike; the first two rounds warm the caches.
for (let round = 0; round < rounds + 2; round += 1) {
  for (const [name, args] of Object.entries(commands)) {
    const startedAt = performance.now()
    const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' })
    if (status !== 0) throw new Error(`${name} ended with ${status}`)
    if (round >= 2) times[name]?.push(performance.now() - startedAt)
  }
}
const [bare, help, validate] = ['bare', 'help', 'validate'].map((name) => spreadOf(times[name] ?? []))
if (bare === undefined || help === undefined || validate === undefined) throw new Error('nothing was measured')
const above = (spread: typeof bare): number => round(spread.p50 - bare.p50)
report('cold-start', [
  { what: 'peer: node -e 0 (ms)', measured: { ...bare } },
  {
    what: 'fairlead --help (ms)',
    measured: { ...help, above: above(help) },
    bar: '≤ 40 above',
    met: above(help) <= 40,
  },
  {
    what: 'fairlead validate (ms)',
    measured: { ...validate, above: above(validate) },
    bar: '≤ 150 above',
    met: above(validate) <= 150,
  },
])

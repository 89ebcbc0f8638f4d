/**
 * A packaged file edited, deleted or widened → as it was, in the demo. Beside it a bare inotify listener that writes the
 * file back without looking: the physical limit.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { contentOf, startDemo, until } from './lab/demo-process.ts'
import { report } from './lab/report.ts'
import { spreadOf } from './lab/statistics.ts'

const repairs = Number(process.env['REPAIRS'] ?? 60)
/** Ten repairs of one file within ten seconds count as a fight, which is measured elsewhere. */
const pauseMs = 1_100

const demo = await startDemo()
const files = ['coredns.yaml', 'traefik.yaml'].map((name) => join(demo.manifests, name))
await until(() => files.every((file) => contentOf(file) !== undefined), 10_000)
const stock = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]))
const drift: Readonly<Record<string, (file: string) => void>> = {
  edited: (file) => writeFileSync(file, `${stock.get(file)}# mine\n`),
  deleted: (file) => unlinkSync(file),
  widened: (file) => chmodSync(file, 0o644),
}
const measured: Record<string, number[]> = { edited: [], deleted: [], widened: [] }
for (let count = 0; count < repairs; count += 1) {
  for (const [kind, change] of Object.entries(drift)) {
    const file = files[count % files.length] ?? ''
    await sleep(pauseMs)
    const startedAt = performance.now()
    change(file)
    await until(() => contentOf(file) === stock.get(file) && (statSync(file).mode & 0o777) === 0o600, 20_000)
    measured[kind]?.push(performance.now() - startedAt)
  }
}
await demo.stop()

const directory = mkdtempSync(join(tmpdir(), 'fairlead-inotify-'))
const guarded = join(directory, 'guarded')
writeFileSync(guarded, 'stock')
const watcher = watch(directory, () => {
  if (contentOf(guarded) !== 'stock') writeFileSync(guarded, 'stock')
})
const bare: number[] = []
for (let count = 0; count < repairs; count += 1) {
  await sleep(20)
  const startedAt = performance.now()
  writeFileSync(guarded, 'edited')
  await until(() => contentOf(guarded) === 'stock', 5_000)
  bare.push(performance.now() - startedAt)
}
watcher.close()
rmSync(directory, { recursive: true })

report('drift-repair', [
  ...Object.entries(measured).map(([kind, times]) => {
    const spread = spreadOf(times)
    return {
      what: `packaged file ${kind} → restored (ms)`,
      measured: { ...spread },
      bar: 'p99 ≤ 100',
      met: spread.p99 <= 100,
    }
  }),
  { what: 'peer: inotify and one plain write (ms)', measured: { ...spreadOf(bare) } },
])

/**
 * 100 and 1,000 routes that get another gateway, and a look at everything that is there, through the adapter. The peers,
 * run right beside: bare `ip -batch` of the same lines, and bare `ip -j route`. A write of ours ends with a look, for the
 * kernel alone tells whether a route is in place; a look asks for both families, rules and addresses.
 */
import { runInNamespace } from '../lab/in-namespace.ts'
import { type Row, report } from '../lab/report.ts'
import type { RouteTimes } from '../lab/route-times.ts'
import { type Spread, spreadOf } from '../lab/statistics.ts'

const measurer = new URL('../lab/route-times.ts', import.meta.url).pathname

const rows: Row[] = []
for (const count of [100, 1_000]) {
  const times = await runInNamespace<RouteTimes>(measurer, String(count), '20')
  const spread = (step: keyof RouteTimes): Spread => spreadOf(times[step] ?? [])
  const against = (step: keyof RouteTimes, bare: keyof RouteTimes): Row['measured'] => ({
    ...spread(step),
    barep50: spread(bare).p50,
    barep90: spread(bare).p90,
    ratio: Math.round((spread(step).p50 / spread(bare).p50) * 100) / 100,
  })
  const what = `${count.toLocaleString('en')} routes`
  rows.push(
    { what: `${what}: write and proof (ms)`, measured: against('write', 'bareBatch') },
    { what: `${what}: the batch inside it (ms)`, measured: against('batchInside', 'bareBatch') },
    { what: `${what}: look at everything (ms)`, measured: against('read', 'bareRead') },
  )
}
report('node-route-scale', rows)

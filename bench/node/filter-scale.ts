/**
 * Packet filters of 100, 1,000 and 10,000 rules through the adapters, each backend and plane: the write of another
 * program of the same size, and the check of one that is in place. The peers run right beside, one after the other: bare
 * `iptables-restore --noflush` or `nft -f` of the same text, and bare `iptables-save` or `nft -s list table`. Programs
 * are started and their output read in the same way for both.
 */
import type { FilterTimes } from '../lab/filter-times.ts'
import { runInNamespace } from '../lab/in-namespace.ts'
import { type Row, report } from '../lab/report.ts'
import { type Spread, spreadOf } from '../lab/statistics.ts'

const mechanisms = ['iptables-nft', 'iptables-legacy', 'nft table'] as const
const manyRounds = process.env['ROUNDS'] ?? '10'
const sizes = [
  { count: 100, shape: 'one chain', rounds: '30' },
  { count: 1_000, shape: 'one chain', rounds: '20' },
  { count: 10_000, shape: 'one chain', rounds: manyRounds },
  { count: 10_000, shape: 'chains of 1,000', rounds: manyRounds },
] as const
/** DESIGN §10 asks for the ratio at this size. */
const barCount = 10_000
const barRatio = 1.25
const measurer = new URL('../lab/filter-times.ts', import.meta.url).pathname

const rows: Row[] = []
for (const mechanism of mechanisms) {
  for (const { count, shape, rounds } of sizes) {
    const times = await runInNamespace<FilterTimes>(measurer, mechanism, String(count), shape, rounds)
    rows.push(...rowsOf(`${mechanism}, ${count.toLocaleString('en')} rules, ${shape}`, count, times))
  }
}
report('node-filter-scale', rows)

function rowsOf(what: string, count: number, times: FilterTimes): readonly Row[] {
  const spread = (step: keyof FilterTimes): Spread => spreadOf(times[step] ?? [])
  const against = (step: keyof FilterTimes, bare: keyof FilterTimes): Pick<Row, 'measured' | 'bar' | 'met'> => {
    const ratio = Math.round((spread(step).p50 / spread(bare).p50) * 100) / 100
    const bar = count >= barCount ? { bar: `≤ ${barRatio} × bare`, met: ratio <= barRatio } : {}
    return { measured: { ...spread(step), barep50: spread(bare).p50, barep90: spread(bare).p90, ratio }, ...bar }
  }
  return [
    { what: `${what}: live write (ms)`, ...against('write', 'bareWrite') },
    { what: `${what}: check without changes (ms)`, ...against('check', 'bareSave') },
    { what: `${what}: look that finds another program (ms)`, measured: { p50: spread('look').p50 } },
    { what: `${what}: validation beforehand (ms)`, measured: { p50: spread('validation').p50 } },
  ]
}

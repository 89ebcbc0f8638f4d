import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { round } from './statistics.ts'

export interface Row {
  readonly what: string
  readonly measured: Readonly<Record<string, number | string>>
  /** What DESIGN §10 asks for, in words; absent for peers. */
  readonly bar?: string
  readonly met?: boolean
}

/** Prints one benchmark as a table and keeps it as JSON in `bench/results/`. */
export function report(benchmark: string, rows: readonly Row[]): void {
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    /** Of the last five minutes, what was measured included. */
    load: round(loadavg()[1] ?? 0),
  }
  console.log(`\n${benchmark}  (${machine.cores} cores, Node ${machine.node}, load ${machine.load})`)
  for (const row of rows) {
    const verdict = row.met === undefined ? '' : row.met ? '  met' : '  MISSED'
    const figures = Object.entries(row.measured)
      .map(([name, value]) => `${name} ${value}`)
      .join('  ')
    console.log(`  ${row.what.padEnd(44)} ${figures}${row.bar === undefined ? '' : `  [bar: ${row.bar}]${verdict}`}`)
  }
  const directory = new URL('../results/', import.meta.url).pathname
  mkdirSync(directory, { recursive: true })
  const measuredAt = new Date().toISOString()
  writeFileSync(
    `${directory}${benchmark}.json`,
    `${JSON.stringify({ benchmark, measuredAt, machine, rows }, null, 2)}\n`,
  )
}

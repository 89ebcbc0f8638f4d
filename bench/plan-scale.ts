/**
 * A repository with 200 clusters checked and rendered by a cold process, and the plan of one synthetic cluster of up to
 * 10,000 nodes and as many Services, with and without the pods of ServiceLB. The peers: bare Node that reads the same files, and a plan of a tenth of the size.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCheckout } from '../src/adapters/checkout/checkout-reader.ts'
import type { Capture } from '../src/domain/capture.ts'
import { compileRevision } from '../src/reconcile/compile-revision.ts'
import { previewCapture } from '../src/reconcile/preview-capture.ts'
import { type Row, report } from './lab/report.ts'
import { round, type Spread, spreadOf } from './lab/statistics.ts'
import { clusterFiles, syntheticCapture, syntheticCaptureWithPods } from './lab/synthetic-cluster.ts'

const clusters = Number(process.env['CLUSTERS'] ?? 200)
const rounds = Number(process.env['ROUNDS'] ?? 5)
const sizes = [1_000, 2_000, 5_000, 10_000]
const root = mkdtempSync(join(tmpdir(), 'fairlead-plan-scale-'))
const program = new URL('../bin/fairlead.cjs', import.meta.url).pathname

/** What any program has to do first: list the tree and read it. */
const readAll = `const fs=require('fs');for(const f of fs.readdirSync('.',{recursive:true,withFileTypes:true}))if(f.isFile())fs.readFileSync(f.parentPath+'/'+f.name)`

try {
  for (let index = 0; index < clusters; index += 1) writeCluster(`site-${index}`)
  const [read, validate] = [coldTimes(['-e', readAll]), coldTimes([program, 'validate', '--repo', root])]
  const plans = []
  for (const size of sizes) plans.push({ size, ...(await planTimes(syntheticCapture('site-0', size))) })
  const withPods = []
  for (const size of sizes) withPods.push({ size, ...(await planTimes(syntheticCaptureWithPods('site-0', size))) })
  report('plan-scale', [
    { what: `peer: Node reads the files of ${clusters} clusters (ms)`, measured: { ...read } },
    {
      what: `lint and render ${clusters} clusters, cold (ms)`,
      measured: { ...validate },
      bar: '≤ 3,000',
      met: validate.p50 <= 3_000,
    },
    ...planRows('', plans),
    ...planRows(', with their pods', withPods),
  ])
} finally {
  rmSync(root, { recursive: true, force: true })
}

function writeCluster(name: string): void {
  const directory = join(root, 'clusters', name)
  for (const [path, text] of Object.entries(clusterFiles(name))) {
    mkdirSync(join(directory, path, '..'), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
}

function coldTimes(args: readonly string[]) {
  const times: number[] = []
  for (let index = 0; index <= rounds; index += 1) {
    const startedAt = performance.now()
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
    if (status !== 0) throw new Error(`ended with ${status}: ${stderr.slice(-500)}`)
    // The first one warms the page cache for all.
    if (index > 0) times.push(performance.now() - startedAt)
  }
  return spreadOf(times)
}

function planRows(variant: string, plans: readonly Measured[]): Row[] {
  const [first, last] = [plans[0], plans.at(-1)]
  if (first === undefined || last === undefined) throw new Error('nothing was measured')
  const growth = round(last.total.p50 / first.total.p50)
  return [
    ...plans.map(({ size, compile, plan, total }) => ({
      what: `plan of ${size} nodes and ${size} Services${variant} (ms)`,
      measured: { compile: compile.p50, plan: plan.p50, total: total.p50, max: total.max },
      ...(size === 2_000 ? { bar: '≤ 1,000', met: total.p50 <= 1_000 } : {}),
    })),
    {
      what: `growth from ${first.size} to ${last.size}${variant}`,
      measured: { times: growth },
      bar: '≤ 13 (linear is 10)',
      met: growth <= 13,
    },
  ]
}

interface PlanTimes {
  readonly compile: Spread
  readonly plan: Spread
  readonly total: Spread
}

interface Measured extends PlanTimes {
  readonly size: number
}

async function planTimes(capture: Capture): Promise<PlanTimes> {
  const reader = openCheckout(root)
  const signal = new AbortController().signal
  const times = { compile: [] as number[], plan: [] as number[], total: [] as number[] }
  for (let index = 0; index <= rounds; index += 1) {
    const startedAt = performance.now()
    const compiled = await compileRevision(reader, 'clusters/site-0', capture.facts, signal)
    if (compiled.kind === 'refused') throw new Error(JSON.stringify(compiled.problems.slice(0, 3)))
    const compiledAt = performance.now()
    const preview = previewCapture(compiled, capture)
    const endedAt = performance.now()
    if (preview.nodes.length !== capture.facts.nodes.length) throw new Error(`planned ${preview.nodes.length} nodes`)
    if (index === 0) continue
    times.compile.push(compiledAt - startedAt)
    times.plan.push(endedAt - compiledAt)
    times.total.push(endedAt - startedAt)
  }
  return { compile: spreadOf(times.compile), plan: spreadOf(times.plan), total: spreadOf(times.total) }
}

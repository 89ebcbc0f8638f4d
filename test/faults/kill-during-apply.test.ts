import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { networkFile, networkYaml } from '../lab/machine.ts'
import { seededChance } from '../lab/seeded-chance.ts'

/** 30 in CI; `FAIRLEAD_KILLS=200` is the long form. `FAIRLEAD_SEED` replays a run. */
const kills = Number(process.env['FAIRLEAD_KILLS'] ?? 30)
const seed = Number(process.env['FAIRLEAD_SEED'] ?? Date.now() % 1_000_000)
const entry = new URL('../../bin/fairlead.cjs', import.meta.url).pathname
const manifestCount = 24

let directory = ''
let checkout = ''
let root = ''
let manifests = ''
const drop = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: theirs }\n'

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-kill-'))
  checkout = join(directory, 'checkout')
  root = join(directory, 'root')
  manifests = join(root, 'var/lib/rancher/k3s/server/manifests')
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Path below the root → content, of one of the two revisions that take turns. */
function manifestsOf(revision: 'a' | 'b'): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (let number = 0; number < manifestCount; number += 1) {
    // A third of them exists in one revision only, so that files are created and removed all the time.
    if (number % 3 === 0 && revision === 'b') continue
    if (number % 3 === 1 && revision === 'a') continue
    const filler = `  key: "${revision.repeat(20_000)}"\n`
    files.set(
      `app-${number}.yaml`,
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: app-${number} }\ndata:\n${filler}`,
    )
  }
  return files
}

function writeCheckout(revision: 'a' | 'b'): void {
  rmSync(checkout, { recursive: true, force: true })
  const port = revision === 'a' ? 80 : 8080
  const spec = `  components: { traefik: { values: { ports: { web: { exposedPort: ${port} } } } } }\n`
  write(join(checkout, networkFile), networkYaml(spec))
  for (const [name, text] of manifestsOf(revision)) write(join(checkout, 'clusters/home/manifests', name), text)
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

function fairlead(...words: string[]): ChildProcess {
  const where = ['--root', root, '--repo', checkout, '--node', 'pi-1', '--engine', 'builtin']
  return spawn(process.execPath, [entry, ...words, ...where], { stdio: ['ignore', 'ignore', 'pipe'] })
}

async function exitCodeOf(child: ChildProcess): Promise<number | null> {
  let told = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    told += chunk.toString()
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0 && code !== null) throw new Error(`fairlead ended with ${code}: ${told}`)
  return code
}

function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name))
}

const isTemporary = (path: string): boolean => /\/\.fairlead-[^/]*\.tmp$/.test(path)

/** Every file is whole, narrow and known to be ours; nobody else's was touched. */
function expectNothingTorn(): void {
  const known = [manifestsOf('a'), manifestsOf('b')]
  const inventory = readFileSync(join(root, 'var/lib/fairlead/inventory.json'), 'utf8')
  for (const path of filesBelow(manifests).filter((one) => !isTemporary(one))) {
    const text = readFileSync(path, 'utf8')
    const name = path.slice(manifests.length + 1)
    if (name === 'theirs.yaml') expect(text).toBe(drop)
    else if (name.startsWith('app-')) expect([...known.map((files) => files.get(name)), ''], name).toContain(text)
    else expect(text.endsWith('\n'), name).toBe(true)
    if (name === 'theirs.yaml') continue
    expect(statSync(path).mode & 0o777, name).toBe(0o600)
    expect(inventory, name).toContain(`"file:/var/lib/rancher/k3s/server/manifests/${name}"`)
  }
  for (const path of filesBelow(join(root, 'var/lib/fairlead'))) {
    if (path.endsWith('.json')) expect(() => JSON.parse(readFileSync(path, 'utf8')), path).not.toThrow()
  }
}

test(`kill -9 at ${kills} random moments of an apply leaves nothing torn, and the next start converges (seed ${seed})`, async () => {
  const chance = seededChance(seed)
  writeCheckout('a')
  mkdirSync(root, { recursive: true, mode: 0o700 })
  await exitCodeOf(fairlead('adopt', '--yes'))
  const startedAt = performance.now()
  await exitCodeOf(fairlead('apply', '--once'))
  const applyMs = performance.now() - startedAt
  write(join(manifests, 'theirs.yaml'), drop)

  let killed = 0
  for (let round = 0; round < kills; round += 1) {
    const revision = round % 2 === 0 ? 'b' : 'a'
    writeCheckout(revision)
    const child = fairlead('apply', '--once')
    // Listened for from the start: an apply may well end by itself before it is killed.
    const exited = once(child, 'exit')
    await sleep(applyMs * (0.25 + 0.75 * chance()))
    child.kill('SIGKILL')
    const [, signal] = (await exited) as [number | null, string | null]
    if (signal === 'SIGKILL') killed += 1
    expectNothingTorn()
    // Every fifth round the revision is carried to its end; else the next one starts from the ruins of this.
    if (round % 5 !== 4) continue
    await exitCodeOf(fairlead('apply', '--once'))
    expect(await exitCodeOf(fairlead('plan', '--detailed-exitcode'))).toBe(0)
    expectNothingTorn()
    expect(filesBelow(manifests).filter(isTemporary)).toEqual([])
    const names = readdirSync(manifests).filter((name) => name.startsWith('app-'))
    expect(names.toSorted()).toEqual([...manifestsOf(revision).keys()].toSorted())
  }
  expect(killed).toBeGreaterThan(kills / 3)
})

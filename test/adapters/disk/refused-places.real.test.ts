import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openNodeFiles } from '../../../src/adapters/disk/node-files.ts'
import { isUnobserved } from '../../../src/domain/observation.ts'
import { fairleadPaths, k3sPaths } from '../../../src/k3s/locations.ts'
import type { NodeFilesPort } from '../../../src/ports/node-files-port.ts'
import { failureCode } from './failing-with.ts'
import { recordingLog } from './recording-log.ts'

const never = new AbortController().signal
const inPlace = k3sPaths.managedDropIn
const staged = `${fairleadPaths.staged}${k3sPaths.managedDropIn}`
const traefik = `${k3sPaths.manifests}/traefik.yaml`
let root: string
let files: NodeFilesPort

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'refused-places-'))
  files = openNodeFiles({ root, log: recordingLog() })
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function put(path: string): void {
  mkdirSync(dirname(root + path), { recursive: true, mode: 0o700 })
  writeFileSync(root + path, 'x')
}

test('a place that cannot be opened is named, and the others are observed', async () => {
  put(inPlace)
  put(staged)
  mkdirSync(dirname(root + k3sPaths.manifests), { recursive: true })
  writeFileSync(root + k3sPaths.manifests, 'a file')
  mkdirSync(`${root}/elsewhere`)
  symlinkSync('/elsewhere', root + k3sPaths.fairleadConfig)
  const seen = await files.observe([traefik, k3sPaths.flannelConf], never)
  expect([...seen.files.keys()].sort()).toEqual([inPlace, staged].sort())
  expect(seen.refusals.map(({ directory, failure }) => [directory, failure.detail.code])).toEqual([
    [k3sPaths.fairleadConfig, 'SYMLINK_ON_PATH'],
    [k3sPaths.manifests, 'NOT_A_DIRECTORY'],
  ])
  expect([traefik, k3sPaths.flannelConf, inPlace].map((path) => isUnobserved(seen, path))).toEqual([true, true, false])
})

test('staged flags and those in place refuse apart from each other', async () => {
  put(inPlace)
  mkdirSync(dirname(root + dirname(staged)), { recursive: true })
  writeFileSync(root + dirname(staged), 'a file')
  const seen = await files.observe([staged, inPlace], never)
  expect([...seen.files.keys()]).toEqual([inPlace])
  expect(seen.refusals.map(({ directory }) => directory)).toEqual([dirname(staged)])
})

test('a root that is missing is still a failure of the whole', async () => {
  const nowhere = openNodeFiles({ root: join(root, 'nowhere'), log: recordingLog() })
  expect(await failureCode(() => nowhere.observe([], never))).toBe('ROOT_MISSING')
})

test('asked for, a path is looked at past the limit of entries; what is not there, or not ours, is left out', async () => {
  mkdirSync(root + k3sPaths.manifests, { recursive: true })
  for (let number = 0; number < 10_050; number += 1) symlinkSync('x', `${root}${k3sPaths.manifests}/f${number}`)
  const deep = `${k3sPaths.manifests}/zz/deep.yaml`
  const last = `${k3sPaths.manifests}/zz.yaml`
  for (const path of [deep, last, staged]) put(path)
  const without = await files.observe([], never)
  expect([deep, last, staged].map((path) => without.files.has(path))).toEqual([false, false, false])
  const behindLink = `${k3sPaths.manifests}/f1/a.yaml`
  const asked = [deep, last, staged, behindLink, `${k3sPaths.manifests}/gone.yaml`, '/etc/passwd']
  const seen = await files.observe(asked, never)
  expect(asked.map((path) => seen.files.get(path)?.text)).toEqual(['x', 'x', 'x', undefined, undefined, undefined])
  expect(seen.refusals).toEqual([])
})

test('leftovers are looked for down to thirty-two directories and no deeper', async () => {
  const leftover = '.fairlead-0123456789abcdef.tmp'
  const below = (depth: number) => `${k3sPaths.manifests}${'/d'.repeat(depth)}/${leftover}`
  put(below(32))
  put(below(33))
  expect(await files.removeLeftovers()).toBe(1)
  expect(readdirSync(dirname(root + below(33)))).toEqual([leftover])
  expect(readdirSync(dirname(root + below(32)))).toEqual(['d'])
})

test('a flood of foreign entries ends the search for leftovers below it, not beside it', async () => {
  const leftover = '.fairlead-0123456789abcdef.tmp'
  for (const path of [`${k3sPaths.manifests}/${leftover}`, `${k3sPaths.manifests}/sub/${leftover}`]) put(path)
  for (let number = 0; number < 10_000; number += 1) symlinkSync('x', `${root}${k3sPaths.manifests}/f${number}`)
  expect(await files.removeLeftovers()).toBe(1)
  expect(readdirSync(`${root}${k3sPaths.manifests}/sub`)).toEqual([leftover])
})

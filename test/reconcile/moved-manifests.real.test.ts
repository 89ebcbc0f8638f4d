import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fileId } from '../../src/domain/artefact.ts'
import type { InventoryEntry } from '../../src/domain/inventory.ts'
import type { RemovalProgress } from '../../src/domain/manifest-removal.ts'
import type { StatusSnapshot } from '../../src/domain/status.ts'
import { sha256Hex } from '../../src/text/digest.ts'
import { createMachine, eventually, networkFile, networkYaml, type TestMachine } from '../lab/machine.ts'

const manifest = (name: string): string => `/var/lib/rancher/k3s/server/manifests/${name}`
const source = (name: string): string => `clusters/home/manifests/${name}`
const configMap = (name: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: default }\n`
const at = (commit: string) => (status: StatusSnapshot) =>
  status.verdict === 'settled' && status.revision.endsWith(commit)

let machine: TestMachine
let progress: RemovalProgress = 'waiting'

beforeEach(async () => {
  progress = 'waiting'
  machine = await createMachine()
  await machine.adopt()
  const files = { [networkFile]: networkYaml(), [source('old.yaml')]: configMap('moved') }
  const first = await machine.repository.push(files)
  machine.start({}, { removals: { progressOf: () => progress } })
  await machine.statusUntil(at(first))
})
afterEach(() => machine.close())

async function entryOf(name: string): Promise<InventoryEntry | undefined> {
  return (await machine.state.readInventory()).entries.get(fileId(manifest(name)))
}

async function untilPlaced(name: string): Promise<void> {
  await eventually(() => machine.read(manifest(name)) !== undefined, `${name} is written`)
}

test('what moved to another name is known until nothing is left of it, also by the next process', async () => {
  const second = await machine.push({ [source('old.yaml')]: undefined, [source('new.yaml')]: configMap('moved') })
  await untilPlaced('new.yaml')
  expect(existsSync(join(machine.root, manifest('old.yaml')))).toBe(false)
  await machine.statusUntil(at(second))
  expect(await entryOf('old.yaml')).toEqual({
    id: fileId(manifest('old.yaml')),
    digest: '',
    moved: sha256Hex(configMap('moved')),
    revision: expect.any(String),
    class: 'program',
    kinds: [{ apiVersion: 'v1', kind: 'ConfigMap' }],
  })
  await machine.stop()
  progress = 'pruned'
  machine.start({}, { removals: { progressOf: () => progress } })
  await expect.poll(() => entryOf('old.yaml'), { timeout: 10_000 }).toBeUndefined()
})

test('what somebody else puts in the place of a manifest that moved is theirs', async () => {
  const second = await machine.push({ [source('old.yaml')]: undefined, [source('new.yaml')]: configMap('moved') })
  // Until the pass that moved it has ended, whatever stands there is taken for an edit of ours.
  await machine.statusUntil(at(second))
  writeFileSync(join(machine.root, manifest('old.yaml')), configMap('theirs'))
  const third = await machine.push({ [source('more.yaml')]: configMap('more') })
  await machine.statusUntil(at(third))
  expect(machine.read(manifest('old.yaml'))).toBe(configMap('theirs'))
  expect(await entryOf('old.yaml')).toBeUndefined()
})

test('what stays within its Addon is forgotten with its file', async () => {
  const second = await machine.push({ [source('old.yaml')]: undefined, [source('sub/old.yml')]: configMap('moved') })
  await machine.statusUntil(at(second))
  expect(machine.read(manifest('old.yaml'))).toBeUndefined()
  expect(machine.read(manifest('sub/old.yml'))).toBe(configMap('moved'))
  expect(await entryOf('old.yaml')).toBeUndefined()
})

import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type NodeState, openNodeState } from '../../../src/adapters/disk/node-state.ts'
import { fileId } from '../../../src/domain/artefact.ts'
import { historyLength, type PassRecord } from '../../../src/domain/history.ts'
import type { Inventory, InventoryEntry } from '../../../src/domain/inventory.ts'
import type { LostEdit } from '../../../src/domain/lost-edit.ts'
import type { StatusSnapshot } from '../../../src/domain/status.ts'
import { sha256Hex } from '../../../src/text/digest.ts'
import { failureCode } from './failing-with.ts'
import { recordingLog } from './recording-log.ts'

let parent: string
let stateDirectory: string
let log: ReturnType<typeof recordingLog>
let state: NodeState

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'node-state-'))
  stateDirectory = join(parent, 'lib/fairlead')
  log = recordingLog()
  state = openNodeState({ stateDirectory, log })
})
afterEach(() => rmSync(parent, { recursive: true, force: true }))

const text = (name: string): string => readFileSync(join(stateDirectory, name), 'utf8')

function inventoryOf(...paths: string[]): Inventory {
  const entries = paths.map((path): InventoryEntry => {
    return { id: fileId(path), digest: sha256Hex(path), revision: 'main@sha1:1', class: 'program' }
  })
  return { entries: new Map(entries.map((entry) => [entry.id, entry])) }
}

function pass(number: number): PassRecord {
  return {
    startedAt: new Date(number).toISOString(),
    durationMs: number,
    revision: 'main@sha1:1',
    author: 'a',
    trigger: 'push',
    verdict: 'settled',
    reason: 'InSync',
    message: '',
    changes: [],
  }
}

const status: StatusSnapshot = {
  apiVersion: 'fairlead.dev/v1alpha1',
  kind: 'Status',
  cluster: 'home',
  node: 'pi-1',
  engine: 'builtin',
  source: 'http://127.0.0.1/repo.git',
  revision: '',
  attemptedRevision: '',
  verdict: 'unknown',
  suspended: false,
  conditions: [],
  components: [],
  files: [],
  drops: [],
  problems: [],
  lastHandledReconcileAt: '',
}

test('looking leaves no trace', async () => {
  expect((await state.readInventory()).entries.size).toBe(0)
  expect(await state.readHistory()).toEqual([])
  expect(await state.readLostEdits()).toEqual([])
  expect(await state.readStatus()).toBeUndefined()
  await state.writeSuspension(undefined)
  expect(existsSync(join(parent, 'lib'))).toBe(false)
})

test('everything comes back as it was written, from files of 0600 in directories of 0700', async () => {
  const inventory = inventoryOf('/b', '/a')
  const suspension = { by: 'eve', reason: 'night', since: '2026-01-01T00:00:00Z' }
  const pristine = {
    identity: { pid: 1, startTicks: '2', binaryDigest: '3', bootId: '4' },
    files: { '/m/a.yaml': 'a: "ü\u2028\0"\n', __proto__x: 'b' },
  }
  await state.writeInventory(inventory)
  await state.writeSuspension(suspension)
  await state.writePristine(pristine)
  await state.writeStatus(status)
  const again = openNodeState({ stateDirectory, log })
  expect(await again.readInventory()).toEqual(inventory)
  expect(await again.readSuspension()).toEqual(suspension)
  expect(await again.readPristine()).toEqual(pristine)
  expect(await again.readStatus()).toEqual(status)
  await again.writeSuspension(undefined)
  expect(await state.readSuspension()).toBeUndefined()
  expect(statSync(stateDirectory).mode & 0o777).toBe(0o700)
  for (const name of readdirSync(stateDirectory)) {
    expect(lstatSync(join(stateDirectory, name)).mode & 0o777, name).toBe(0o600)
  }
})

test('the same value gives the same bytes, in whatever order it was made', async () => {
  await state.writeInventory(inventoryOf('/b', '/a'))
  const first = text('inventory.json')
  await state.writeInventory(inventoryOf('/a', '/b'))
  expect(text('inventory.json')).toBe(first)
  expect(JSON.parse(first)).toMatchObject({ version: 1 })
})

test('a status that says what is there already is not written', async () => {
  await state.writeStatus(status)
  const { ino } = statSync(join(stateDirectory, 'status.json'))
  await state.writeStatus({ ...status })
  expect(statSync(join(stateDirectory, 'status.json')).ino).toBe(ino)
  await state.writeStatus({ ...status, cluster: 'other' })
  expect(statSync(join(stateDirectory, 'status.json')).ino).not.toBe(ino)
  expect(JSON.parse(text('status.json')), 'other programs read the bare value').toMatchObject({ cluster: 'other' })
})

test('the history keeps the last passes, the newest last, also when they come at the same time', async () => {
  const numbers = Array.from({ length: historyLength + 5 }, (_, number) => number)
  await Promise.all(numbers.map((number) => state.appendHistory(pass(number))))
  const kept = await state.readHistory()
  expect(kept.map(({ durationMs }) => durationMs)).toEqual(numbers.slice(5))
})

describe('a damaged file', () => {
  const damages: Readonly<Record<string, (content: string) => string>> = {
    'cut off': (content) => content.slice(0, content.length / 2),
    empty: () => '',
    'not JSON': () => '\0\0\0\0',
    'of another shape': () => '[]',
    'with one changed byte': (content) => content.replace('sha1:1', 'sha1:2'),
    'without a version': (content) => content.replace('"version": 1', '"versiom": 1'),
  }
  for (const [how, damage] of Object.entries(damages)) {
    test(`${how} is moved aside with a warning and counts as absent`, async () => {
      await state.writeInventory(inventoryOf('/a'))
      const damaged = damage(text('inventory.json'))
      writeFileSync(join(stateDirectory, 'inventory.json'), damaged)
      expect((await state.readInventory()).entries.size).toBe(0)
      expect(text('inventory.json.damaged-1')).toBe(damaged)
      expect(log.entries.map(({ level, fields }) => [level, fields['code'], fields['movedTo']])).toEqual([
        ['warn', 'STATE_DAMAGED', join(stateDirectory, 'inventory.json.damaged-1')],
      ])
      expect(log.entries[0]?.fields['consequence']).toContain('nothing is deleted')
    })
  }

  test('a second one does not overwrite the first', async () => {
    for (const content of ['one', 'two']) {
      mkdirSync(stateDirectory, { recursive: true, mode: 0o700 })
      writeFileSync(join(stateDirectory, 'adoption.json'), content)
      expect(await state.readAdoption()).toBeUndefined()
    }
    expect([text('adoption.json.damaged-1'), text('adoption.json.damaged-2')]).toEqual(['one', 'two'])
  })

  test('in the history does not stop the next pass from being recorded', async () => {
    await state.appendHistory(pass(1))
    writeFileSync(join(stateDirectory, 'history.json'), '{')
    await state.appendHistory(pass(2))
    expect((await state.readHistory()).map(({ durationMs }) => durationMs)).toEqual([2])
  })
})

test('what a newer version wrote is not taken for damage', async () => {
  await state.writeInventory(inventoryOf('/a'))
  const newer = text('inventory.json').replace('"version": 1', '"version": 2')
  writeFileSync(join(stateDirectory, 'inventory.json'), newer)
  expect(await failureCode(() => state.readInventory())).toBe('STATE_TOO_NEW')
  expect(text('inventory.json')).toBe(newer)
})

test('a file that cannot be read is a failure, never nothing', async () => {
  mkdirSync(join(stateDirectory, 'inventory.json'), { recursive: true, mode: 0o700 })
  expect(await failureCode(() => state.readInventory())).toBe('PATH_OCCUPIED')
})

test('a state directory that others may write to is not used', async () => {
  await state.writeInventory(inventoryOf('/a'))
  chmodSync(stateDirectory, 0o777)
  expect(await failureCode(() => state.writeInventory(inventoryOf()))).toBe('STATE_DIRECTORY_UNSAFE')
  chmodSync(stateDirectory, 0o755)
  expect(await failureCode(() => state.writeInventory(inventoryOf()))).toBe('none')
})

test.skipIf(process.geteuid?.() !== 0)('a state directory of another user is not used (needs root)', async () => {
  await state.writeInventory(inventoryOf('/a'))
  chownSync(stateDirectory, 12_345, 12_345)
  expect(await failureCode(() => state.writeInventory(inventoryOf()))).toBe('STATE_DIRECTORY_UNSAFE')
})

describe('lost edits', () => {
  const edit = (path: string, content: string, repairedAt = '2026-01-01T00:00:00Z'): LostEdit => {
    return { path, digest: sha256Hex(content), repairedAt, cause: 'edited', writer: 'unknown' }
  }

  test('come back newest first, with their content; the same one is kept once', async () => {
    await state.keepLostEdit(edit('/a', 'one'), 'one')
    await state.keepLostEdit(edit('/a', 'two'), 'two')
    await state.keepLostEdit(edit('/b', 'one'), 'one')
    await state.keepLostEdit(edit('/a', 'one', '2026-01-02T00:00:00Z'), 'one')
    const kept = await state.readLostEdits()
    expect(kept.map(({ path, digest }) => [path, digest])).toEqual([
      ['/a', sha256Hex('one')],
      ['/b', sha256Hex('one')],
      ['/a', sha256Hex('two')],
    ])
    expect(kept[0]?.repairedAt).toBe('2026-01-02T00:00:00Z')
    expect(await state.readLostEditText(sha256Hex('two'))).toBe('two')
    expect(await state.readLostEditText(sha256Hex('three'))).toBeUndefined()
    expect(await state.readLostEditText('../inventory.json')).toBeUndefined()
  })

  test('are the newest 200, and contents that nobody lists any more are removed', async () => {
    for (let number = 0; number < 205; number += 1) {
      await state.keepLostEdit(edit('/a', String(number)), String(number))
    }
    const kept = await state.readLostEdits()
    expect(kept).toHaveLength(200)
    expect(kept[0]?.digest).toBe(sha256Hex('204'))
    expect(readdirSync(join(stateDirectory, 'lost-edits'))).toHaveLength(201)
    expect(await state.readLostEditText(sha256Hex('4'))).toBeUndefined()
    expect(await state.readLostEditText(sha256Hex('5'))).toBe('5')
  })

  test('do not fill the disk: large ones push old ones out', async () => {
    for (let number = 0; number < 5; number += 1) {
      const large = String(number).repeat(20 * 1024 * 1024)
      await state.keepLostEdit(edit('/a', large), large)
    }
    expect(await state.readLostEdits()).toHaveLength(3)
    expect(readdirSync(join(stateDirectory, 'lost-edits'))).toHaveLength(4)
  })
})

test('taking the lock removes what a killed write left behind, but not what another verb writes right now', async () => {
  mkdirSync(join(stateDirectory, 'lost-edits'), { recursive: true, mode: 0o700 })
  const [old, fresh] = ['lost-edits/.fairlead-0123456789abcdef.tmp', '.fairlead-fedcba9876543210.tmp']
  for (const name of [old, fresh]) writeFileSync(join(stateDirectory, name), 'half')
  const anHourAgo = new Date(Date.now() - 3_600_000)
  utimesSync(join(stateDirectory, old), anHourAgo, anHourAgo)
  const release = await state.acquireLock()
  expect([existsSync(join(stateDirectory, old)), existsSync(join(stateDirectory, fresh))]).toEqual([false, true])
  await release()
})

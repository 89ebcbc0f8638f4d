import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openLinkedDirectories } from '../../../src/adapters/disk/linked-directories.ts'
import type { LinkedDirectoriesPort } from '../../../src/ports/manifest-files-port.ts'
import { recordingLog } from './recording-log.ts'

let root: string
let links: LinkedDirectoriesPort
let hints: number

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'linked-directories-'))
  for (const name of ['one', 'two']) mkdirSync(join(root, 'srv', name, 'sub'), { recursive: true })
  links = openLinkedDirectories({ root, log: recordingLog() })
  hints = 0
})
afterEach(async () => {
  await links.close()
  rmSync(root, { recursive: true, force: true })
})

/** Writes until it is told of: the watcher needs a moment to begin. */
async function isTold(path: string): Promise<boolean> {
  hints = 0
  for (let attempt = 0; attempt < 50 && hints === 0; attempt++) {
    writeFileSync(join(root, path), `${attempt}`)
    await sleep(50)
  }
  return hints > 0
}

const changed = (): void => {
  hints += 1
}

test('what is written there is told, also further below', async () => {
  links.follow(['/srv/one'], changed)
  expect(await isTold('srv/one/a.yaml')).toBe(true)
  expect(await isTold('srv/one/sub/a.yaml')).toBe(true)
})

test('what is not followed any more is not told', async () => {
  links.follow(['/srv/one'], changed)
  expect(await isTold('srv/one/a.yaml')).toBe(true)
  links.follow(['/srv/two'], changed)
  expect(await isTold('srv/two/a.yaml')).toBe(true)
  await sleep(100)
  hints = 0
  writeFileSync(join(root, 'srv/one/b.yaml'), 'x')
  await sleep(300)
  expect(hints).toBe(0)
})

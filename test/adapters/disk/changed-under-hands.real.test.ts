import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openNodeFiles } from '../../../src/adapters/disk/node-files.ts'
import type { ObservedFile } from '../../../src/domain/observation.ts'
import { fairleadPaths, k3sPaths } from '../../../src/k3s/locations.ts'
import type { NodeFilesPort } from '../../../src/ports/node-files-port.ts'
import { failureCode } from './failing-with.ts'
import { recordingLog } from './recording-log.ts'

const path = `${k3sPaths.manifests}/traefik.yaml`
const never = new AbortController().signal
let root: string
let at: string
let files: NodeFilesPort

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'changed-under-hands-'))
  at = root + path
  mkdirSync(dirname(at), { recursive: true, mode: 0o700 })
  files = openNodeFiles({ root, log: recordingLog() })
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

async function seen(): Promise<ObservedFile> {
  const file = (await files.observe([], never)).files.get(path)
  if (file === undefined) throw new Error('nothing is there')
  return file
}

/** What another may do to the file between our look and our change. */
const changes: Readonly<Record<string, () => void>> = {
  'another content': () => writeFileSync(at, 'theirs, longer'),
  'another content of the same size': () => writeFileSync(at, 'NEW'),
  'one more line': () => appendFileSync(at, '\n'),
  'another file by rename': () => {
    writeFileSync(`${at}.new`, 'abc')
    renameSync(`${at}.new`, at)
  },
  'the same size and time': () => {
    writeFileSync(at, 'NEW')
    utimesSync(at, 1_000, 1_000)
  },
}

describe.each(['remembered', 'told'] as const)('by what was %s', (how) => {
  /** A copy of what was observed, of which only what it says is known. */
  const observed = async () => (how === 'remembered' ? await seen() : { ...(await seen()) })

  for (const [what, change] of Object.entries(changes)) {
    test(`${what} right before the rename stays, and nothing is left over`, async () => {
      writeFileSync(at, 'old')
      utimesSync(at, 1_000, 1_000)
      const was = await observed()
      const write = () =>
        files.writeFile(path, 'ours', was, async () => {
          change()
          return true
        })
      expect(await failureCode(write)).toBe('FILE_CHANGED')
      expect(readFileSync(at, 'utf8')).not.toBe('ours')
      expect(readdirSync(dirname(at))).toEqual(['traefik.yaml'])
    })

    test(`${what} is neither removed nor put into the quarantine`, async () => {
      writeFileSync(at, 'old')
      utimesSync(at, 1_000, 1_000)
      const was = await observed()
      change()
      const now = readFileSync(at, 'utf8')
      expect(await failureCode(() => files.removeFile(path, was))).toBe('FILE_CHANGED')
      expect(await failureCode(() => files.quarantineFile(path, was))).toBe('FILE_CHANGED')
      expect(readFileSync(at, 'utf8')).toBe(now)
      expect(readdirSync(root + fairleadPaths.quarantine)).toEqual([])
    })
  }

  test('what is as it was is written over, moved and removed', async () => {
    writeFileSync(at, 'old')
    expect(await files.writeFile(path, 'ours', await observed())).toBe(true)
    expect(readFileSync(at, 'utf8')).toBe('ours')
    const moved = await files.quarantineFile(path, await observed())
    expect(readFileSync(root + moved, 'utf8')).toBe('ours')
    writeFileSync(at, 'old')
    await files.removeFile(path, await observed())
    expect(existsSync(at)).toBe(false)
  })

  test('a file that is gone by now is not written', async () => {
    writeFileSync(at, 'old')
    const was = await observed()
    rmSync(at)
    expect(await failureCode(() => files.writeFile(path, 'ours', was))).toBe('FILE_CHANGED')
    expect(readdirSync(dirname(at))).toEqual([])
  })

  test('a file that became a symlink is not removed', async () => {
    writeFileSync(at, 'old')
    const was = await observed()
    rmSync(at)
    symlinkSync('old', at)
    expect(await failureCode(() => files.removeFile(path, was))).toBe('FILE_CHANGED')
    expect(await failureCode(() => files.writeFile(path, 'ours', was))).toBe('PATH_OCCUPIED')
  })
})

describe('where nothing was', () => {
  test('a file that came meanwhile stays', async () => {
    const write = () =>
      files.writeFile(path, 'ours', undefined, async () => {
        writeFileSync(at, 'theirs')
        return true
      })
    expect(await failureCode(write)).toBe('FILE_CHANGED')
    expect(readFileSync(at, 'utf8')).toBe('theirs')
    expect(readdirSync(dirname(at))).toEqual(['traefik.yaml'])
  })

  test('a symlink that came meanwhile is not followed', async () => {
    const write = () =>
      files.writeFile(path, 'ours', undefined, async () => {
        symlinkSync(join(root, 'victim'), at)
        return true
      })
    expect(await failureCode(write)).toBe('PATH_OCCUPIED')
    expect(existsSync(join(root, 'victim'))).toBe(false)
  })
})

test('a repair of a small file takes a few milliseconds at most', async () => {
  const took: number[] = []
  for (let number = 0; number < 50; number += 1) {
    writeFileSync(at, `edited ${number}`)
    const was = await seen()
    const start = performance.now()
    await files.writeFile(path, 'ours', was)
    took.push(performance.now() - start)
  }
  const median = took.toSorted((a, b) => a - b)[25] ?? 0
  expect(median).toBeLessThan(50)
})

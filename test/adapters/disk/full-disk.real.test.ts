import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openNodeFiles } from '../../../src/adapters/disk/node-files.ts'
import { openNodeState } from '../../../src/adapters/disk/node-state.ts'
import type { ObservedFile } from '../../../src/domain/observation.ts'
import { fairleadPaths, k3sPaths } from '../../../src/k3s/locations.ts'
import type { NodeFilesPort } from '../../../src/ports/node-files-port.ts'
import { sha256Hex } from '../../../src/text/digest.ts'
import { failureCode } from './failing-with.ts'
import { recordingLog } from './recording-log.ts'

/** Writes over whatever is there now. */
async function write(files: NodeFilesPort, path: string, text: string): Promise<boolean> {
  return await files.writeFile(path, text, await files.observeFile(path))
}

async function seenAt(files: NodeFilesPort, path: string): Promise<ObservedFile> {
  const file = await files.observeFile(path)
  if (file === undefined) throw new Error(`nothing is at ${path}`)
  return file
}

const traefik = `${k3sPaths.manifests}/traefik.yaml`
const canMount = mountWorks()

/** A file system of one megabyte, mounted at the machine's root: only root may, and not in every container. */
describe.skipIf(!canMount)('on a small tmpfs (needs the right to mount)', () => {
  let root: string
  let mounted: string[]

  const mount = (at: string, options: string): void => {
    mkdirSync(at, { recursive: true, mode: 0o700 })
    execFileSync('mount', ['-t', 'tmpfs', '-o', `${options},mode=0700`, 'fairlead-test', at])
    mounted.push(at)
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'full-disk-'))
    mounted = []
    mount(root, 'size=1m')
  })
  afterEach(() => {
    for (const at of mounted.toReversed()) execFileSync('umount', [at])
    rmSync(root, { recursive: true, force: true })
  })

  test('a full disk is said, the old content stays and nothing is left over', async () => {
    const files = openNodeFiles({ root, log: recordingLog() })
    await write(files, traefik, 'old')
    expect(await failureCode(() => write(files, traefik, 'x'.repeat(2 * 1024 * 1024)))).toBe('DISK_FULL')
    expect(readFileSync(root + traefik, 'utf8')).toBe('old')
    expect(readdirSync(root + k3sPaths.manifests)).toEqual(['traefik.yaml'])
    await write(files, traefik, 'new')
    expect(readFileSync(root + traefik, 'utf8')).toBe('new')
  })

  test('a full disk does not damage the state', async () => {
    const stateDirectory = join(root, 'state')
    const state = openNodeState({ stateDirectory, log: recordingLog() })
    await state.writeReconcileRequest({ token: 'one' })
    expect(await failureCode(() => state.writeReconcileRequest({ token: 'x'.repeat(2 * 1024 * 1024) }))).toBe(
      'DISK_FULL',
    )
    expect(await state.readReconcileRequest()).toEqual({ token: 'one' })
  })

  test('a read-only disk is said, for writing, removing and for the state', async () => {
    const files = openNodeFiles({ root, log: recordingLog() })
    const state = openNodeState({ stateDirectory: join(root, 'state'), log: recordingLog() })
    await write(files, traefik, 'old')
    await state.writeReconcileRequest({ token: 'one' })
    const before = await seenAt(files, traefik)
    execFileSync('mount', ['-o', 'remount,ro', root])
    expect(await failureCode(() => write(files, traefik, 'new'))).toBe('DISK_READ_ONLY')
    expect(await failureCode(() => write(files, `${k3sPaths.manifests}/sub/a.yaml`, 'new'))).toBe('DISK_READ_ONLY')
    expect(await failureCode(() => files.removeFile(traefik, before))).toBe('DISK_READ_ONLY')
    expect(await failureCode(() => state.writeReconcileRequest({ token: 'two' }))).toBe('DISK_READ_ONLY')
    expect((await files.observeFile(traefik))?.text).toBe('old')
    expect(await state.readReconcileRequest()).toEqual({ token: 'one' })
  })

  test('quarantine on another file system copies, syncs and only then removes', async () => {
    mount(join(root, fairleadPaths.quarantine), 'size=256k')
    const files = openNodeFiles({ root, log: recordingLog() })
    const drop = `${k3sPaths.manifests}/drop.yaml`
    await write(files, drop, 'bad')
    writeFileSync(`${root}${fairleadPaths.quarantine}/${sha256Hex('bad').slice(0, 12)}-drop.yaml`, 'another')
    const at = await files.quarantineFile(drop, await seenAt(files, drop))
    expect(at.endsWith('-drop.yaml-2')).toBe(true)
    expect(readFileSync(root + at, 'utf8')).toBe('bad')
    expect(await files.observeFile(drop)).toBeUndefined()

    const large = 'x'.repeat(500 * 1024)
    await write(files, drop, large)
    expect(await failureCode(async () => files.quarantineFile(drop, await seenAt(files, drop)))).toBe('DISK_FULL')
    expect((await files.observeFile(drop))?.digest, 'it is never lost').toBe(sha256Hex(large))
    expect(readdirSync(root + fairleadPaths.quarantine), 'and no half of it is left').toHaveLength(2)
  })
})

function mountWorks(): boolean {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return false
  const at = mkdtempSync(join(tmpdir(), 'can-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'fairlead-test', at], { stdio: 'ignore' })
    execFileSync('umount', [at])
    return true
  } catch {
    return false
  } finally {
    rmSync(at, { recursive: true, force: true })
  }
}

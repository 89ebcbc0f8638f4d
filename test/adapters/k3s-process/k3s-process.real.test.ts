import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openK3sProcess } from '../../../src/adapters/k3s-process/k3s-process.ts'
import { k3sPaths } from '../../../src/k3s/locations.ts'
import { type StandInK3s, startStandInK3s } from '../../lab/stand-in-k3s.ts'

const traefik = `${k3sPaths.manifests}/traefik.yaml`
let root: string
let k3s: StandInK3s | undefined

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'k3s-process-'))
})
afterEach(async () => {
  await k3s?.stop()
  k3s = undefined
  rmSync(root, { recursive: true, force: true })
})

const start = async (version: string): Promise<StandInK3s> =>
  await startStandInK3s(root, { version, packagedFiles: new Map([[traefik, `${version}\n`]]) })

test('without K3s there is none, installed or running', async () => {
  const port = openK3sProcess({ root })
  expect(await port.isInstalled()).toBe(false)
  expect(await port.current()).toBeUndefined()
})

test('a data directory is enough to know that K3s is installed', async () => {
  mkdirSync(`${root}${k3sPaths.dataDir}/server/tls`, { recursive: true })
  expect(await openK3sProcess({ root }).isInstalled()).toBe(true)
})

test('a running server is known by pid, start and the digest of its binary', async () => {
  k3s = await start('one')
  const port = openK3sProcess({ root })
  const found = await port.current()
  expect(await port.isInstalled()).toBe(true)
  expect(found?.identity.pid).toBe(k3s.pid)
  expect(found?.identity.binaryDigest).toBe(
    createHash('sha256')
      .update(readFileSync(join(root, 'usr/local/bin/k3s')))
      .digest('hex'),
  )
  expect(found?.identity.startTicks).toMatch(/^[0-9]+$/)
  expect(found?.identity.bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
  expect(Math.abs(Date.now() - (found?.startedAtMs ?? 0))).toBeLessThan(10_000)
  expect(found?.args.slice(1)).toEqual(['server', '--data-dir', `${root}${k3sPaths.dataDir}`])
})

test('the server of another root is not ours', async () => {
  k3s = await start('one')
  const other = mkdtempSync(join(tmpdir(), 'k3s-process-other-'))
  try {
    mkdirSync(`${other}${k3sPaths.dataDir}`, { recursive: true })
    expect(await openK3sProcess({ root: other }).current()).toBeUndefined()
  } finally {
    rmSync(other, { recursive: true })
  }
})

test('one that ended is gone at once, and the next one is seen at once', async () => {
  const port = openK3sProcess({ root })
  k3s = await start('one')
  const first = await port.current()
  await k3s.stop()
  expect(await port.current()).toBeUndefined()
  k3s = await start('one')
  const second = await port.current()
  expect(second?.identity.pid).toBe(k3s.pid)
  expect(second?.identity).not.toEqual(first?.identity)
  expect(second?.identity.binaryDigest).toBe(first?.identity.binaryDigest)
})

test('an upgrade is another identity', async () => {
  const port = openK3sProcess({ root })
  k3s = await start('one')
  await k3s.staged()
  const first = await port.current()
  await k3s.upgrade({ version: 'two', packagedFiles: new Map([[traefik, 'two\n']]) })
  const second = await port.current()
  expect(second?.identity.pid).toBe(k3s.pid)
  expect(second?.identity.binaryDigest).not.toBe(first?.identity.binaryDigest)
  await k3s.staged()
  expect(readFileSync(root + traefik, 'utf8')).toBe('two\n')
})

test('a server whose binary was replaced on disk is still the server that it was', async () => {
  const port = openK3sProcess({ root })
  k3s = await start('one')
  const before = await port.current()
  const binary = join(root, 'usr/local/bin/k3s')
  writeFileSync(`${binary}.new`, 'another binary')
  renameSync(`${binary}.new`, binary)
  expect(await port.current()).toEqual(before)
  expect(await openK3sProcess({ root }).current(), 'also for one that looks only now').toEqual(before)
})

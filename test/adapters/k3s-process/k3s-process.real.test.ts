import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
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
  expect(found?.upForMs).toBeGreaterThanOrEqual(0)
  expect(found?.upForMs).toBeLessThan(10_000)
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
  expect((await port.current())?.identity).toEqual(before?.identity)
  const another = await openK3sProcess({ root }).current()
  expect(another?.identity, 'also for one that looks only now').toEqual(before?.identity)
})

/** A copy of a binary that calls itself the K3s server and waits. */
async function startImpostor(directory: string, uid?: number): Promise<ChildProcess> {
  const binary = join(directory, 'k3s')
  copyFileSync('/bin/sh', binary)
  chmodSync(binary, 0o755)
  writeFileSync(join(directory, 'server'), 'echo up\nread forever\n')
  const child = spawn(binary, ['server', '--data-dir', `${root}${k3sPaths.dataDir}`], {
    cwd: directory,
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  if (child.stdout === null) throw new Error('no standard output')
  await once(child.stdout, 'data')
  return child
}

test.skipIf(process.geteuid?.() !== 0)('a copy that another user runs is not the server (needs root)', async () => {
  mkdirSync(`${root}${k3sPaths.dataDir}`, { recursive: true, mode: 0o755 })
  for (const uid of [65_534, undefined]) {
    const directory = mkdtempSync(join(tmpdir(), 'impostor-'))
    chmodSync(directory, 0o755)
    chmodSync(root, 0o755)
    const child = await startImpostor(directory, uid)
    try {
      const found = await openK3sProcess({ root }).current()
      expect(found?.identity.pid, `uid ${uid}`).toBe(uid === undefined ? child.pid : undefined)
    } finally {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
      rmSync(directory, { recursive: true })
    }
  }
})

/** A process table of one server, as files, so that its clock and owner can be chosen. */
function pretend(of: { readonly uid: number; readonly uptime: string; readonly startTicks: number }): string {
  const proc = join(root, 'proc')
  mkdirSync(join(proc, '41'), { recursive: true })
  mkdirSync(join(proc, 'sys/kernel/random'), { recursive: true })
  writeFileSync(join(proc, 'sys/kernel/random/boot_id'), 'a-boot\n')
  writeFileSync(join(proc, 'uptime'), of.uptime)
  writeFileSync(join(proc, 'stat'), 'btime 1\n')
  writeFileSync(join(proc, '41/status'), `Name:\tk3s\nUid:\t7\t${of.uid}\t7\t7\n`)
  writeFileSync(join(proc, '41/stat'), `41 (k3s) S 1 ${'0 '.repeat(17)}${of.startTicks} 0\n`)
  writeFileSync(join(proc, '41/cmdline'), `k3s\0server\0--data-dir\0${root}${k3sPaths.dataDir}\0`)
  mkdirSync(join(root, 'bin'), { recursive: true })
  writeFileSync(join(root, 'bin/k3s'), 'a binary')
  symlinkSync(join(root, 'bin/k3s'), join(proc, '41/exe'))
  symlinkSync('/', join(proc, '41/root'))
  symlinkSync(root, join(proc, '41/cwd'))
  return proc
}

test('how long it is up is told by the boot clock, not by the time of day', async () => {
  const proc = pretend({ uid: 0, uptime: '5000.25 9.00\n', startTicks: 480_000 })
  const found = await openK3sProcess({ root, proc }).current()
  expect(found?.upForMs).toBe(200_250)
  expect(Math.abs(Date.now() - 200_250 - (found?.startedAtMs ?? 0))).toBeLessThan(5_000)
})

test('it is the effective user that counts', async () => {
  const proc = pretend({ uid: 12_345, uptime: '5000.25 9.00\n', startTicks: 480_000 })
  expect(await openK3sProcess({ root, proc }).current()).toBeUndefined()
})

test('a binary larger than any K3s is not read', async () => {
  const proc = pretend({ uid: 0, uptime: '5000.25 9.00\n', startTicks: 480_000 })
  truncateSync(join(root, 'bin/k3s'), 1024 ** 3 + 1)
  expect(await openK3sProcess({ root, proc }).current()).toBeUndefined()
})

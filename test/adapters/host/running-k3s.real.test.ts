import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readListeners } from '../../../src/adapters/host/listeners.ts'
import { findRunningK3s, runningPrograms } from '../../../src/adapters/host/running-k3s.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'

interface ProcessLiteral {
  readonly args: readonly string[]
  readonly exe?: string
  readonly environment?: readonly string[]
  readonly parent?: number
  readonly startTicks?: number
  readonly root?: string
  readonly cgroup?: string
  readonly comm?: string
  readonly sockets?: readonly number[]
}

/** A /proc with these processes; up for a thousand seconds. */
async function procWith(processes: Readonly<Record<number, ProcessLiteral>>): Promise<string> {
  const proc = await temporaryDirectory()
  writeFileSync(join(proc, 'uptime'), '1000.00 900.00\n')
  mkdirSync(join(proc, 'self'))
  symlinkSync('/', join(proc, 'self/root'))
  for (const [pid, { args, startTicks = 50_000, parent = 1, ...one }] of Object.entries(processes)) {
    const at = join(proc, pid)
    mkdirSync(join(at, 'fd'), { recursive: true })
    writeFileSync(join(at, 'cmdline'), `${args.join('\0')}\0`)
    writeFileSync(join(at, 'comm'), `${one.comm ?? 'k3s-server'}\n`)
    writeFileSync(join(at, 'environ'), (one.environment ?? []).map((pair) => `${pair}\0`).join(''))
    writeFileSync(join(at, 'cgroup'), `0::${one.cgroup ?? '/system.slice/k3s.service'}\n`)
    const fields = ['S', parent, ...Array.from({ length: 17 }, () => 0), startTicks, 0]
    writeFileSync(join(at, 'stat'), `${pid} (k3s (odd) name) ${fields.join(' ')}\n`)
    if (one.exe !== undefined) symlinkSync(one.exe, join(at, 'exe'))
    if (one.root !== undefined) symlinkSync(one.root, join(at, 'root'))
    for (const inode of one.sockets ?? []) symlinkSync(`socket:[${inode}]`, join(at, `fd/${inode}`))
  }
  return proc
}

const staged = `/var/lib/rancher/k3s/data/${'a'.repeat(64)}/bin/k3s`

test('a server that hides its arguments is found, with its start and without its secrets', async () => {
  const proc = await procWith({
    812: {
      args: ['/usr/local/bin/k3s server'],
      exe: `${staged} (deleted)`,
      environment: ['PATH=/usr/bin', 'K3S_TOKEN=secret', 'K3S_NODE_NAME=pi-1', 'HTTPS_PROXY=http://u:p@proxy'],
      root: '/',
    },
    900: { args: ['/usr/local/bin/k3s', 'kubectl', 'get', 'nodes'], exe: staged, root: '/' },
    901: { args: ['/opt/other', 'server'], exe: '/opt/other', root: '/' },
  })
  const found = findRunningK3s(proc)
  expect(found).toMatchObject({
    pid: 812,
    arguments: ['/usr/local/bin/k3s server'],
    environment: { K3S_TOKEN: '********', K3S_NODE_NAME: 'pi-1', HTTPS_PROXY: 'http://********@proxy' },
  })
  expect(Object.keys(found?.environment ?? {})).not.toContain('PATH')
  // Started 500 seconds after the boot, which was 1000 seconds ago.
  expect(Math.abs((found?.startedAtMs ?? 0) - (Date.now() - 500_000))).toBeLessThan(5_000)
})

test('arguments that are still there are shown without their secrets; of two the newest counts', async () => {
  const proc = await procWith({
    10: { args: ['/usr/local/bin/k3s', 'agent'], exe: staged, startTicks: 1_000, root: '/' },
    20: { args: ['/usr/local/bin/k3s', 'agent', '--token=x', '--node-ip', '10.0.0.1'], exe: staged, root: '/' },
    21: { args: ['/usr/local/bin/k3s', 'agent'], exe: staged, parent: 20, startTicks: 60_000, root: '/' },
  })
  expect(findRunningK3s(proc)?.arguments).toEqual([
    '/usr/local/bin/k3s',
    'agent',
    '--token=********',
    '--node-ip',
    '10.0.0.1',
  ])
})

test('a K3s in a container is not that of this machine', async () => {
  const elsewhere = await temporaryDirectory()
  const proc = await procWith({
    30: { args: ['/bin/k3s', 'server'], exe: '/bin/k3s', root: elsewhere },
    31: { args: ['/bin/k3s', 'server'], cgroup: '/docker/0123' },
  })
  expect(findRunningK3s(proc)).toBeUndefined()
})

test('a process that may not be looked into is known by its name', async () => {
  const proc = await procWith({ 40: { args: ['/usr/local/bin/k3s server'] } })
  expect(findRunningK3s(proc)?.pid).toBe(40)
  expect([...runningPrograms(proc)]).toEqual(['k3s-server'])
})

test('listeners have the program that holds their socket', async () => {
  const proc = await procWith({ 50: { args: ['nginx'], comm: 'nginx', sockets: [4711] } })
  mkdirSync(join(proc, 'net'))
  const line = (local: string, state: string, inode: number): string =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0\n`
  writeFileSync(join(proc, 'net/tcp'), line('00000000:192B', '0A', 4711) + line('00000000:280A', '0A', 99))
  writeFileSync(join(proc, 'net/udp'), line('00000000:2118', '07', 0))
  expect(readListeners(proc)).toEqual([
    { protocol: 'tcp', address: '0.0.0.0', port: 6443, program: 'nginx', pid: 50 },
    { protocol: 'tcp', address: '0.0.0.0', port: 10_250 },
    { protocol: 'udp', address: '0.0.0.0', port: 8472, program: 'kernel' },
  ])
  expect(readListeners(join(proc, 'nowhere'))).toBeUndefined()
})

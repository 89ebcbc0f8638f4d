import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { machineBootClock } from '../../../src/adapters/checkpoint/boot-clock.ts'
import { openCheckpoints } from '../../../src/adapters/checkpoint/node-checkpoints.ts'
import { rollbackReasons } from '../../../src/domain/rollback-reason.ts'
import { type Namespace, newNamespace, whyNoNamespaces } from '../../netns/namespace.ts'
import { eventually, sampleChange } from './sample-change.ts'

const why = await whyNoNamespaces(['ip', 'ping', 'iptables-nft', 'iptables-legacy'])
const applier = new URL('applier.ts', import.meta.url).pathname

let node: Namespace
let client: Namespace
let directory = ''
let children: ChildProcess[] = []

beforeEach(async () => {
  if (why !== undefined) return
  directory = mkdtempSync(join(tmpdir(), 'fairlead-watchdog-'))
  children = []
  ;[node, client] = await Promise.all([newNamespace('node'), newNamespace('client')])
  await connect()
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  if (why === undefined) await Promise.all([node.down(), client.down()])
  rmSync(directory, { recursive: true, force: true })
})

async function connect(): Promise<void> {
  const device = `fl${process.pid}`
  await node.run(['/usr/sbin/ip', 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', client.name])
  await node.run(['/usr/sbin/ip', 'link', 'set', device, 'name', 'eth0', 'up'])
  await node.run(['/usr/sbin/ip', 'addr', 'add', '192.168.77.1/24', 'dev', 'eth0'])
  await client.run(['/usr/sbin/ip', 'link', 'set', 'eth0', 'up'])
  await client.run(['/usr/sbin/ip', 'addr', 'add', '192.168.77.2/24', 'dev', 'eth0'])
  expect(await isReachable()).toBe(true)
}

/** A packet from the client, which may take a moment the first time. */
async function isReachable(): Promise<boolean> {
  const ran = await client.commands.run(['/bin/ping', '-n', '-q', '-c', '1', '-W', '0.2', '192.168.77.1'])
  return ran.code === 0
}

async function startApplier(point: string, backend: string, confirmTimeoutMs = 30_000) {
  const child = spawn(
    '/usr/sbin/ip',
    ['netns', 'exec', node.name, process.execPath, applier, directory, point, backend, String(confirmTimeoutMs)],
    { stdio: ['ignore', 'pipe', 'inherit'], detached: true },
  )
  children.push(child)
  const said: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text))
  return { child, said: () => said.join(''), ended: once(child, 'exit') }
}

const opened = (boot = machineBootClock) =>
  openCheckpoints({
    directory: `${directory}/checkpoint`,
    commands: node.commands,
    environment: { XTABLES_LOCKFILE: `${directory}/xtables.lock` },
    boot,
    systemdDirectory: '/nowhere',
  })

async function ours(backend: string): Promise<string> {
  const rules = await node.run([`/usr/sbin/iptables-${backend}`, '-S'])
  return rules
    .split('\n')
    .filter((line) => line.includes('FAIRLEAD'))
    .join('\n')
}

describe.skipIf(why !== undefined)(`a change that drops everything${why === undefined ? '' : ` (${why})`}`, () => {
  for (const backend of ['nft', 'legacy']) {
    for (const point of ['prepared', 'armed', 'applying', 'half', 'applied', 'probing']) {
      test(`case 54: ${backend}: its process is killed at ${point}: reachable within a second, and ended after a restart`, async () => {
        const { ended, said } = await startApplier(point, backend)
        await ended
        expect(said()).toContain(`reached ${point}`)
        const tookMs = await eventually(isReachable, 5_000)
        expect(tookMs).toBeLessThan(1_000)
        await opened().recover()
        expect(await opened().current()).toMatchObject({ phase: 'rolled-back', reason: rollbackReasons.agentDied })
        expect(await ours(backend)).toBe('')
      })
    }
  }

  test('its process is killed right after the confirmation: the change stays', async () => {
    const { ended } = await startApplier('confirm', 'nft')
    await ended
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect((await opened().current())?.phase).toBe('confirmed')
    expect(await isReachable()).toBe(false)
    expect(await opened().recover()).toBeUndefined()
  })

  test('its whole process group is killed: the watchdogs are not in it', async () => {
    const { child, said } = await startApplier('hold', 'nft')
    await eventually(() => said().includes('in force'), 10_000)
    expect(await isReachable()).toBe(false)
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    expect(await eventually(isReachable, 5_000)).toBeLessThan(1_000)
    await eventually(async () => (await opened().current())?.phase === 'rolled-back', 2_000)
  })

  test('a client that sends a packet every 10 ms misses the window and nothing after it', async () => {
    const { ended } = await startApplier('applied', 'nft')
    const pinging = client.commands.run(['/bin/ping', '-n', '-i', '0.01', '-c', '300', '-W', '1', '192.168.77.1'])
    await ended
    const { stdout } = await pinging
    const answered = [...stdout.matchAll(/icmp_seq=(\d+)/g)].map((match) => Number(match[1]))
    const gaps = answered.flatMap((sequence, index) => {
      const before = answered[index - 1]
      return before === undefined || sequence === before + 1 ? [] : [sequence - before - 1]
    })
    expect(answered.at(-1)).toBe(300)
    expect(gaps.length).toBeLessThanOrEqual(1)
    expect(gaps[0] ?? 0).toBeLessThan(100)
  })

  test('its process and the shell of the timer are killed: the pipe is enough', async () => {
    const { child, said } = await startApplier('hold', 'nft')
    await eventually(() => said().includes('in force'), 10_000)
    const pids = readFileSync(`${directory}/checkpoint/000001/watchdog.pids`, 'utf8')
    process.kill(Number(pids.split(' ')[0]), 'SIGKILL')
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    expect(await eventually(isReachable, 5_000)).toBeLessThan(1_000)
  })

  test('everything of ours is killed at once: the next start takes it back', async () => {
    const { child, said } = await startApplier('hold', 'nft')
    await eventually(() => said().includes('in force'), 10_000)
    const pids = readFileSync(`${directory}/checkpoint/000001/watchdog.pids`, 'utf8').trim().split(' ').map(Number)
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await isReachable()).toBe(false)
    await eventually(async () => (await opened().recover())?.phase === 'rolled-back', 5_000)
    expect(await isReachable()).toBe(true)
    expect(await ours('nft')).toBe('')
  })

  test('case 55: its process is stopped: the timer takes it back, and the process that goes on cannot confirm', async () => {
    const { child, said } = await startApplier('stop', 'nft', 2_000)
    await eventually(() => said().includes('in force'), 10_000)
    const tookMs = await eventually(isReachable, 10_000)
    expect(tookMs).toBeLessThan(5_000)
    process.kill(-(child.pid ?? 0), 'SIGCONT')
    await eventually(() => said().includes('confirmed'), 5_000)
    expect(said()).toContain('confirmed false')
    expect(await isReachable()).toBe(true)
    expect((await opened().current())?.reason).toBe(rollbackReasons.deadline)
  })

  test('case 56: the machine goes down during the window: afterwards the change is over and not in force', async () => {
    const { child, said } = await startApplier('hold', 'nft')
    await eventually(() => said().includes('in force'), 10_000)
    const pids = readFileSync(`${directory}/checkpoint/000001/watchdog.pids`, 'utf8').trim().split(' ').map(Number)
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    // The state folder is what is left of the machine; the kernel is a new one.
    await Promise.all([node.down(), client.down()])
    ;[node, client] = await Promise.all([newNamespace('node'), newNamespace('client')])
    await connect()
    const boot = { ...machineBootClock, bootId: () => 'the next one' }
    expect(await opened(boot).recover()).toMatchObject({ phase: 'rolled-back', reason: rollbackReasons.boot })
    expect(await isReachable()).toBe(true)
    expect(await ours('nft')).toBe('')
  })

  test('case 63: while one process holds its change, another that wants to apply is told that it is busy', async () => {
    const { said } = await startApplier('hold', 'nft')
    await eventually(() => said().includes('in force'), 10_000)
    await expect(opened().arm(sampleChange('/nowhere'))).rejects.toMatchObject({ detail: { code: 'CHECKPOINT_BUSY' } })
    expect((await opened().current())?.phase).toBe('probing')
  })

  test('taken back on request, it is reachable again within the bound for rollbacks', async () => {
    const { said } = await startApplier('hold', 'nft')
    await eventually(() => said().includes('in force'), 10_000)
    expect(await isReachable()).toBe(false)
    const began = performance.now()
    expect(await opened().rollBack('000001', rollbackReasons.asked)).toBe(true)
    expect(await isReachable()).toBe(true)
    expect(performance.now() - began).toBeLessThan(5_000)
  })
})

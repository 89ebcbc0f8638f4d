import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openNetworkEvents } from '../../../src/adapters/network-events/network-events.ts'
import type { NetworkEventsPort, NetworkHint } from '../../../src/ports/network-events-port.ts'
import { recordingLog } from '../../lab/recording-log.ts'
import { type Namespace, newNamespace, whyNoNamespaces } from '../../netns/namespace.ts'

const [ip, nft] = ['/usr/sbin/ip', '/usr/sbin/nft']
const exec = promisify(execFile)
const reason = await whyNoNamespaces(['ip', 'nft', 'iptables-nft'])

interface SeenHint extends NetworkHint {
  readonly atMs: number
}

describe.skipIf(reason !== undefined)(`network events${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let space: Namespace
  let events: NetworkEventsPort | undefined
  const log = recordingLog()
  let hints: SeenHint[] = []

  beforeEach(async () => {
    space = await newNamespace('events')
    await space.run([ip, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1'])
    await space.run([ip, '-batch', '-'], 'addr add 192.0.2.1/24 dev v0\nlink set v0 up\nlink set v1 up\n')
    hints = []
    log.lines.length = 0
  })
  afterEach(async () => {
    await events?.stop()
    events = undefined
    await space.down()
  })

  const start = async (options: { poll?: () => Promise<string>; pollMs?: number } = {}): Promise<void> => {
    events = openNetworkEvents({ commands: space.commands, log, ...options })
    await events.start((hint) => hints.push({ ...hint, atMs: performance.now() }))
    // Both monitors listen; late words about the devices have come.
    await seen((hint) => hint.lost === true && hint.subject === 'routes')
    await seen((hint) => hint.lost === true && hint.subject === 'filter')
    await sleep(100)
    hints = []
  }

  const seen = async (wanted: (hint: SeenHint) => boolean, withinMs = 3_000): Promise<SeenHint> => {
    for (const until = performance.now() + withinMs; performance.now() < until; await sleep(2)) {
      const hint = hints.find(wanted)
      if (hint !== undefined) return hint
    }
    throw new Error(`no such hint among ${JSON.stringify(hints)}`)
  }

  const monitor = async (program: 'ip' | 'nft'): Promise<number> => {
    const { stdout } = await exec('ip', ['netns', 'pids', space.name])
    for (const pid of stdout.split('\n').filter(Boolean)) {
      if ((await readFile(`/proc/${pid}/comm`, 'utf8')).trim() === program) return Number(pid)
    }
    throw new Error(`no ${program} runs`)
  }

  test('a route, a rule, a link and an address are told as routes', async () => {
    await start()
    for (const change of [
      'route add 198.51.100.0/24 via 192.0.2.9',
      'rule add from 192.0.2.77 lookup 7100 pref 5300',
      'addr add 192.0.2.2/24 dev v0',
      'link set v0 down',
    ]) {
      hints = []
      await space.run([ip, ...change.split(' ')])
      expect((await seen(() => true)).subject).toBe('routes')
      await sleep(50)
    }
  })

  test('a commit to any table is told with the process that made it', async () => {
    await start()
    await space.run(['/usr/sbin/iptables-nft', '-A', 'INPUT', '-s', '203.0.113.1', '-j', 'ACCEPT'])
    expect((await seen((hint) => hint.subject === 'filter')).by).toMatch(/^iptables(-nft)? \(\d+\)$/)
    await space.run([nft, 'add', 'table', 'inet', 'x'])
    expect((await seen((hint) => hint.by?.startsWith('nft ') === true)).lost).toBeUndefined()
  })

  test('a storm of a thousand routes becomes few hints', async () => {
    await start()
    const routes = Array.from({ length: 1_000 }, (_, at) => `route add 10.${at >> 8}.${at & 255}.0/24 via 192.0.2.9\n`)
    const before = performance.now()
    await space.run([ip, '-batch', '-'], routes.join(''))
    await sleep(100)
    expect(hints.length).toBeGreaterThan(0)
    expect(hints.length).toBeLessThan(3 + (performance.now() - before) / 10)
  })

  test('the hint is here within fifty milliseconds of the command that made the change', async () => {
    await start()
    const took: number[] = []
    for (let turn = 0; turn < 20; turn += 1) {
      hints = []
      const beforeMs = performance.now()
      await space.run(
        turn % 2 === 0
          ? [ip, 'route', 'add', `198.18.${turn}.0/24`, 'via', '192.0.2.9']
          : [nft, 'add', 'table', 'inet', `t${turn}`],
      )
      const { atMs } = await seen(() => true)
      took.push(atMs - beforeMs)
      await sleep(20)
    }
    expect(took.toSorted((a, b) => a - b)[10]).toBeLessThan(50)
  })

  test('case 24: events that were lost while the monitor could not read are told as lost', async () => {
    await start()
    const pid = await monitor('ip')
    process.kill(pid, 'SIGSTOP')
    const routes = Array.from({ length: 30_000 }, (_, at) => `route add 10.${at >> 8}.${at & 255}.0/24 via 192.0.2.9\n`)
    await space.run([ip, '-batch', '-'], routes.join(''))
    process.kill(pid, 'SIGCONT')
    expect(await seen((hint) => hint.subject === 'routes' && hint.lost === true)).toBeDefined()
  })

  test('a monitor that was killed is started again, and says that it may have missed something', async () => {
    await start()
    process.kill(await monitor('nft'), 'SIGKILL')
    await seen((hint) => hint.subject === 'filter' && hint.lost === true)
    expect(log.lines).toMatchObject([{ level: 'warn', message: 'network monitor ended', fields: { program: nft } }])
    hints = []
    await space.run([nft, 'add', 'table', 'inet', 'after'])
    expect((await seen((hint) => hint.subject === 'filter')).by).toMatch(/^nft \(/)
  })

  test('what no monitor tells is polled, and looked at at once when something else happened', async () => {
    let fingerprint = 'a'
    await start({ poll: async () => fingerprint, pollMs: 60_000 })
    fingerprint = 'b'
    await sleep(100)
    expect(hints).toEqual([])
    await space.run([ip, 'route', 'add', '198.51.100.0/24', 'via', '192.0.2.9'])
    expect((await seen((hint) => hint.subject === 'filter')).by).toBeUndefined()
  })

  test('a poll that fails is no change, and the next one tells', async () => {
    let answer: () => Promise<string> = async () => 'a'
    await start({ poll: () => answer(), pollMs: 20 })
    answer = () => Promise.reject(new Error('locked'))
    await sleep(100)
    expect(hints).toEqual([])
    answer = async () => 'b'
    expect(await seen((hint) => hint.subject === 'filter')).toBeDefined()
  })

  test('both monitors together take less than fifteen mebibytes, with a table of a thousand rules written ten times', async () => {
    await start()
    const rules = Array.from({ length: 1_000 }, (_, at) => `ip saddr 10.0.${at >> 8}.${at & 255} accept`)
    const table = `table inet x {}\ndelete table inet x\ntable inet x {\nchain c {\n${rules.join('\n')}\n}\n}\n`
    for (let turn = 0; turn < 10; turn += 1) await space.run([nft, '-f', '-'], table)
    await sleep(300)
    const kib = await Promise.all((['ip', 'nft'] as const).map(async (program) => residentKib(await monitor(program))))
    expect(kib.reduce((sum, each) => sum + each, 0)).toBeLessThan(15 * 1_024)
  })

  test('stopped, it leaves no process behind', async () => {
    await start()
    await events?.stop()
    const { stdout } = await exec('ip', ['netns', 'pids', space.name])
    expect(stdout).toBe('')
  })
})

async function residentKib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1])
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Lab, labUp } from './lab.ts'
import { whyNoNamespaces } from './namespace.ts'
import { addresses } from './topology.ts'
import { echoClient, http, httpServer, ping, tcp, tcpServer, udpStream } from './traffic.ts'

const why = await whyNoNamespaces(['ip', 'bridge', 'ping', 'ip6tables-nft'])

/** Node, client and pod; direct, tunnelled and routed. */
const pairs = [
  ['n1', 'n2', 'nodes of one subnet'],
  ['n1', 'n3', 'nodes of two subnets'],
  ['cl', 'n1', 'client to node'],
  ['p1', 'p2', 'pods by a direct route'],
  ['p1', 'p3', 'pods by the tunnel'],
] as const

describe.skipIf(why !== undefined)(`the lab (${why ?? 'namespaces'})`, () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await labUp()
  })
  afterAll(() => lab.down())

  test('is up within two seconds', () => {
    process.stdout.write(`lab: ${lab.setUpMs.toFixed(0)} ms to set up\n`)
    expect(lab.setUpMs).toBeLessThan(2000)
  })

  for (const family of [4, 6] as const) {
    for (const [from, to, what] of pairs) {
      test(`IPv${family}, ${what}: the first ping is answered`, async () => {
        expect(await ping(lab, from, addresses[to][family])).toBe(true)
      })
    }
  }

  test('what the tunnel carries leaves the node in vxlan packets', async () => {
    const before = await packetsOf('flannel.1')
    await ping(lab, 'p1', addresses.p3[4])
    expect((await packetsOf('flannel.1')) - before).toBeGreaterThanOrEqual(1)
  })

  async function packetsOf(device: string): Promise<number> {
    const [link] = JSON.parse(await lab.x('n1', ['ip', '-j', '-s', 'link', 'show', device])) as [
      { stats64: { tx: { packets: number } } },
    ]
    return link.stats64.tx.packets
  }

  test('a connection is made, refused or times out', async () => {
    const stop = await tcpServer(lab, 'n1', 8022)
    expect((await tcp(lab, 'cl', addresses.n1[4], 8022)).outcome).toBe('connected')
    await stop()
    expect((await tcp(lab, 'cl', addresses.n1[4], 8022)).outcome).toBe('refused')
    expect((await tcp(lab, 'cl', '192.168.11.77', 8022)).outcome).toBe('timeout')
  })

  test('the server tells which address it saw', async () => {
    const stop = await httpServer(lab, 'p3', 8080)
    expect(await http(lab, 'p1', `http://${addresses.p3[4]}:8080/`)).toEqual({
      status: 200,
      source: addresses.p1[4],
      server: addresses.p3[4],
    })
    await stop()
  })

  test('a long-lived connection counts its echoes, and tells for how long there were none', async () => {
    await tcpServer(lab, 'n3', 8023)
    const client = await echoClient(lab, 'cl', addresses.n3[6], 8023, 10)
    await expect.poll(async () => (await client.report()).echoed, { timeout: 5000 }).toBeGreaterThan(1)
    await lab.x('gw', ['ip6tables-nft', '-A', 'FORWARD', '-j', 'DROP'])
    await new Promise((resolve) => setTimeout(resolve, 300))
    await lab.x('gw', ['ip6tables-nft', '-F', 'FORWARD'])
    await expect.poll(async () => (await client.report()).sinceLastEchoMs, { timeout: 5000 }).toBeLessThan(100)
    const { written, echoed, longestSilenceMs, closed } = await client.stop()
    expect(closed).toBeUndefined()
    expect(echoed).toBeGreaterThan(1)
    expect(longestSilenceMs).toBeGreaterThan(250)
    expect(echoed).toBeLessThanOrEqual(written)
  })

  test('a stream of 5,000 packets a second loses none in the network', async () => {
    const stream = await udpStream(lab, {
      from: 'p1',
      to: 'p3',
      address: addresses.p3[6],
      port: 9998,
      packetsPerSecond: 5000,
    })
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const { sent, received, lost, overruns, refused } = await stream.stop()
    expect(sent).toBeGreaterThan(4000)
    expect(received + lost).toBe(sent)
    expect(lost).toBe(overruns)
    expect(refused).toEqual({})
  })

  test('what the own kernel refuses to send is told with its reason', async () => {
    await lab.x('n2', ['iptables-nft', '-A', 'OUTPUT', '-p', 'udp', '--dport', '9997', '-j', 'DROP'])
    const stream = await udpStream(lab, {
      from: 'n2',
      to: 'n1',
      address: addresses.n1[4],
      port: 9997,
      packetsPerSecond: 500,
    })
    await new Promise((resolve) => setTimeout(resolve, 200))
    const { sent, received, refused } = await stream.stop()
    expect(received).toBe(0)
    expect(refused).toEqual({ EPERM: sent })
  })

  test('a stream over a link that goes down for 200 ms has one gap of that length', async () => {
    const stream = await udpStream(lab, {
      from: 'cl',
      to: 'n1',
      address: addresses.n1[4],
      port: 9999,
      packetsPerSecond: 1000,
    })
    await new Promise((resolve) => setTimeout(resolve, 200))
    await lab.x('gw', ['ip', 'link', 'set', 'n1', 'down'])
    await new Promise((resolve) => setTimeout(resolve, 200))
    await lab.x('gw', ['ip', 'link', 'set', 'n1', 'up'])
    await new Promise((resolve) => setTimeout(resolve, 200))
    const result = await stream.stop()
    expect(result.longestOutageMs).toBeGreaterThan(150)
    expect(result.longestOutageMs).toBeLessThan(1500)
    expect(result.received + result.lost).toBe(result.sent)
  })
})

describe.skipIf(why !== undefined)(`the end of a lab (${why ?? 'namespaces'})`, () => {
  const left = async (prefix: string): Promise<readonly string[]> => [
    ...(await readdir('/run/netns')).filter((name) => name.startsWith(prefix)),
    ...(await readdir(tmpdir())).filter((name) => name.startsWith(prefix)),
  ]

  test('leaves no namespace, no folder and no process', async () => {
    const lab = await labUp({ only: ['gw', 'n1'] })
    const ended = new Promise<string>((resolve) => {
      lab.commands('n1').follow(['sleep', '1000'], { onLine: () => {}, onEnd: resolve })
    })
    const pid = Number(await lab.x('n1', ['/bin/sh', '-c', 'sleep 1000 >/dev/null 2>&1 & echo $!']))
    await lab.down()
    expect(await left(lab.prefix)).toEqual([])
    expect(await ended).toBe('signal SIGKILL')
    expect(await commandOf(pid)).toBe('')
    await lab.down()
  })

  test('comes when the set-up fails as well', async () => {
    const before = await left(`fllab-${process.pid}-`)
    await expect(labUp({ only: ['gw', 'gw'] })).rejects.toThrow('File exists')
    expect(await left(`fllab-${process.pid}-`)).toEqual(before)
  })

  test('comes when the process that made it is killed', async () => {
    const { prefix, owner } = await labOfAnotherProcess()
    expect((await left(prefix)).length).toBeGreaterThan(1)
    owner.kill('SIGKILL')
    await expect.poll(() => left(prefix), { timeout: 5000 }).toEqual([])
  })

  test('comes with the next lab when nothing else was left to do it', async () => {
    const { prefix, owner } = await labOfAnotherProcess()
    await killReaper(prefix)
    owner.kill('SIGKILL')
    await once(owner, 'close')
    expect((await left(prefix)).length).toBeGreaterThan(1)
    // Another process, as each looks only once.
    const next = await labOfAnotherProcess()
    expect(await left(prefix)).toEqual([])
    next.owner.kill('SIGKILL')
    await expect.poll(() => left(next.prefix), { timeout: 5000 }).toEqual([])
  })

  /** A process that brings a lab up and waits. */
  async function labOfAnotherProcess(): Promise<{ readonly prefix: string; readonly owner: ChildProcess }> {
    const module = JSON.stringify(new URL('lab.ts', import.meta.url).href)
    const script = `import { labUp } from ${module}; const lab = await labUp({ only: ['gw', 'n1'] }); console.log(lab.prefix); setInterval(() => {}, 1000)`
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [chunk] = (await once(owner.stdout, 'data')) as [Buffer]
    return { prefix: chunk.toString('utf8').trim(), owner }
  }

  async function killReaper(prefix: string): Promise<void> {
    for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
      if (words[0] === '/bin/sh' && words[2]?.includes(`${prefix}-n1`)) process.kill(Number(pid), 'SIGKILL')
    }
  }
})

describe.skipIf(why !== undefined)(`several labs at a time (${why ?? 'namespaces'})`, () => {
  test('four have the same addresses and do not see each other', async () => {
    const labs = await Promise.all(Array.from({ length: 4 }, () => labUp()))
    try {
      process.stdout.write(`four labs: ${labs.map((lab) => lab.setUpMs.toFixed(0)).join(', ')} ms to set up\n`)
      await Promise.all(labs.map((lab, index) => tcpServer(lab, 'p3', 7000 + index)))
      for (const [at, lab] of labs.entries()) {
        const seen = await Promise.all(labs.map((_, port) => tcp(lab, 'p1', addresses.p3[4], 7000 + port)))
        expect(seen.map(({ outcome }) => outcome === 'connected')).toEqual(labs.map((_, index) => index === at))
      }
    } finally {
      await Promise.all(labs.map((lab) => lab.down()))
    }
  })
})

/** Empty for a process that has ended, also while nobody has taken notice of its end. */
function commandOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
}

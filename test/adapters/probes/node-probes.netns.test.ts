import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openProbes } from '../../../src/adapters/probes/node-probes.ts'
import type { ProbeSpec } from '../../../src/domain/probe.ts'
import { decideRisky, type RiskyAttempt } from '../../../src/reconcile/risky-change.ts'
import { type Namespace, newNamespace, whyNoNamespaces } from '../../netns/namespace.ts'

const why = await whyNoNamespaces(['ip', 'ping', 'ss', 'nft'])

let node: Namespace
let router: Namespace
beforeEach(async () => {
  if (why !== undefined) return
  ;[node, router] = await Promise.all([newNamespace('probed'), newNamespace('router')])
  for (const at of [node, router]) {
    await at.run(['/bin/sh', '-c', 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'])
  }
  const device = `flp${process.pid}`
  await ip(node, 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', router.name)
  await ip(node, 'link', 'set', device, 'name', 'eth0', 'up')
  await ip(router, 'link', 'set', 'eth0', 'up')
  for (const [at, last] of [
    [node, 2],
    [router, 1],
  ] as const) {
    await ip(at, 'addr', 'add', `192.168.78.${last}/24`, 'dev', 'eth0')
    await ip(at, 'addr', 'add', `fd78::${last}/64`, 'dev', 'eth0', 'nodad')
  }
  await ip(node, 'route', 'add', 'default', 'via', '192.168.78.1')
  await ip(node, '-6', 'route', 'add', 'default', 'via', 'fd78::1')
})
afterEach(async () => {
  if (why === undefined) await Promise.all([node.down(), router.down()])
})

async function ip(at: Namespace, ...words: string[]): Promise<void> {
  await at.run(['/usr/sbin/ip', ...words])
}

async function filter(at: Namespace, hook: 'input' | 'output', rule: string): Promise<void> {
  const table = `table inet t {\n chain c {\n type filter hook ${hook} priority 0\n ${rule}\n }\n}\n`
  await at.run(['/usr/sbin/nft', '-f', '-'], table)
}

async function ask(check: ProbeSpec['check'], timeoutMs = 1_500) {
  const [result] = await openProbes({ commands: node.commands }).run(
    [{ name: 'x', check, timeoutMs }],
    new AbortController().signal,
  )
  return result
}

describe.skipIf(why !== undefined)(`probes of a node${why === undefined ? '' : ` (${why})`}`, () => {
  test('a host that answers echoes passes, one that is not there does not', async () => {
    expect(await ask({ kind: 'ping', host: '192.168.78.1' })).toMatchObject({ passed: true })
    expect(await ask({ kind: 'ping', host: 'fd78::1' })).toMatchObject({ passed: true })
    expect(await ask({ kind: 'ping', host: '192.168.78.9' })).toMatchObject({ passed: false })
  })

  for (const family of [4, 6] as const) {
    test(`IPv${family}: a gateway that filters echoes is there all the same`, async () => {
      expect(await ask({ kind: 'gateway', family })).toMatchObject({ passed: true })
      await filter(router, 'input', family === 4 ? 'meta l4proto icmp drop' : 'icmpv6 type echo-request drop')
      const result = await ask({ kind: 'gateway', family })
      expect(result).toMatchObject({ passed: true, message: expect.stringContaining('does not answer echoes') })
    })

    test(`IPv${family}: a gateway that went away fails although its neighbour entry is warm`, async () => {
      expect(await ask({ kind: 'gateway', family })).toMatchObject({ passed: true })
      await ip(router, 'link', 'set', 'eth0', 'down')
      await ip(router, 'link', 'set', 'eth0', 'up')
      await ip(router, 'addr', 'flush', 'dev', 'eth0')
      expect(await ask({ kind: 'gateway', family })).toMatchObject({ passed: false })
    })
  }

  test('an IPv6 filter that swallows neighbour discovery is found out at once', async () => {
    expect(await ask({ kind: 'gateway', family: 6 })).toMatchObject({ passed: true })
    await filter(node, 'input', 'meta nfproto ipv6 drop')
    expect(await ask({ kind: 'gateway', family: 6 })).toMatchObject({ passed: false })
    expect(await ask({ kind: 'gateway' })).toMatchObject({ passed: true })
  })

  test('without a default route there is no gateway to ask', async () => {
    await ip(node, 'route', 'del', 'default')
    await ip(node, '-6', 'route', 'del', 'default')
    expect(await ask({ kind: 'gateway' })).toMatchObject({ passed: false })
  })

  test('the way to a peer has to leave by a device that is up', async () => {
    const management = { kind: 'management', peers: ['192.168.78.1'], ports: [22] } as const
    expect(await ask(management)).toMatchObject({ passed: true })
    await ip(router, 'link', 'set', 'eth0', 'down')
    expect(await ask(management)).toMatchObject({ passed: false })
    await ip(router, 'link', 'set', 'eth0', 'up')
    await ip(node, 'route', 'add', 'unreachable', '192.168.78.1/32')
    expect(await ask(management)).toMatchObject({ passed: false })
  })

  test('a session that gets no answers any more is found out, one that idles is not', async () => {
    const serve = `require('net').createServer((s) => { s.on('error', () => {}); setTimeout(() => setInterval(() => s.write('x'), 100), 800) }).listen(22, '192.168.78.2', () => console.log('up'))`
    const hold = `require('net').connect(22, '192.168.78.2').on('error', () => {}).resume()`
    const ready = Promise.withResolvers<void>()
    const quiet = { onLine: () => {}, onEnd: () => {} }
    const server = node.commands.follow([process.execPath, '-e', serve], { ...quiet, onLine: () => ready.resolve() })
    await ready.promise
    const client = router.commands.follow([process.execPath, '-e', hold], quiet)
    const management = { kind: 'management', peers: ['192.168.78.1'], ports: [22] } as const
    try {
      await waitFor(async () => (await ask(management))?.message.includes('sessions go on') === true)
      await filter(node, 'input', 'tcp dport 22 drop')
      await waitFor(async () => (await ask(management))?.passed === false)
    } finally {
      await Promise.all([server.stop(), client.stop()])
    }
  })

  test('case 61: what did not answer before the change takes nothing back afterwards, and is reported', async () => {
    const probes: ProbeSpec[] = [
      { name: 'gateway', check: { kind: 'gateway' }, timeoutMs: 1_000 },
      { name: 'gone', check: { kind: 'ping', host: '192.168.78.9' }, timeoutMs: 1_000 },
    ]
    const attempt: RiskyAttempt = {
      program: 'p',
      revision: 'r',
      probes,
      confirmTimeoutMs: 30_000,
      isManual: false,
      past: [],
      rounds: [],
      baseline: await openProbes({ commands: node.commands }).run(probes, new AbortController().signal),
    }
    expect(decideRisky(attempt)).toMatchObject({
      kind: 'arm',
      required: [{ name: 'gateway' }],
      alreadyFailing: [{ name: 'gone', passed: false }],
      isManual: false,
    })
  })
})

async function waitFor(isTrue: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + 20_000
  while (!(await isTrue())) {
    if (performance.now() > until) throw new Error('it did not come to pass within 20 s')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

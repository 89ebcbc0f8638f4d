import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openNft } from '../../../src/adapters/nft/nft-filter.ts'
import type { FilterChain, FilterProgram, PacketMatch } from '../../../src/domain/packet-filter.ts'
import type { PacketFilterPort } from '../../../src/ports/packet-filter-port.ts'
import {
  accept,
  anchor,
  chainOf,
  drop,
  emptyFamily,
  familyOf,
  network,
  ports,
  programOf,
} from '../../lab/filter-programs.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { addresses, greet, newRoutedLab, openSession, type RoutedLab, visit } from './routed-lab.ts'

const nft = '/usr/sbin/nft'
const signal = new AbortController().signal
const reason = await whyNoNamespaces(['ip', 'nft', 'unshare', 'iptables-nft', 'ping'])

function only4(...chains: readonly FilterChain[]): FilterProgram {
  return { v4: familyOf([anchor, ...chains]), v6: emptyFamily }
}

describe.skipIf(reason !== undefined)(`packets${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let lab: RoutedLab
  let filter: PacketFilterPort
  const stops: (() => Promise<void>)[] = []
  beforeEach(async () => {
    lab = await newRoutedLab()
    filter = openNft({ commands: lab.node.commands })
  })
  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()))
    await lab.down()
  })

  const greeter = async (): Promise<void> => {
    stops.push((await greet(lab.server, 8080)).stop)
  }
  const load = (program: FilterProgram): Promise<void> => filter.replace(program, signal)
  test('an accept of ours does not overrule a drop elsewhere, and a drop of ours stands whatever others accept', async () => {
    await greeter()
    await lab.node.run(['/usr/sbin/iptables-nft', '-A', 'FORWARD', '-s', addresses.client.v4, '-j', 'DROP'])
    await lab.node.run(['/usr/sbin/iptables-nft', '-A', 'FORWARD', '-j', 'ACCEPT'])
    await load(
      only4(
        chainOf(
          'FAIRLEAD-FORWARD',
          'filter',
          [
            { match: { source: network(`${addresses.client.v4}/32`) }, action: accept },
            { match: { source: network(`${addresses.otherClient.v4}/32`) }, action: drop },
          ],
          { hook: 'FORWARD' },
        ),
      ),
    )
    expect(await visit(lab.client, addresses.server.v4, 8080, addresses.client.v4)).toBe('timeout')
    expect(await visit(lab.client, addresses.server.v4, 8080, addresses.otherClient.v4)).toBe('timeout')
  })

  test('the MSS of a SYN is clamped in both families, and packets leave with their DSCP', async () => {
    await greeter()
    const counted = (what: string): string => `${what} counter`
    await lab.server.run(
      [nft, '-f', '-'],
      `table inet seen {\nchain c {\ntype filter hook input priority 0;\n${[
        'ip saddr 10.90.0.2 tcp option maxseg size 1200',
        'ip6 saddr fd90::2 tcp option maxseg size 1200',
        'ip saddr 10.90.0.2 ip dscp 46',
        'ip6 saddr fd90::2 ip6 dscp 46',
      ]
        .map(counted)
        .join('\n')}\n}\n}\n`,
    )
    const syn: PacketMatch = { protocol: 'tcp', tcpSyn: true }
    await load(
      programOf([
        anchor,
        chainOf('FAIRLEAD-MSS', 'mangle', [{ match: syn, action: { kind: 'clampMss', to: 1200 } }], {
          hook: 'FORWARD',
        }),
        chainOf('FAIRLEAD-DSCP', 'mangle', [{ match: { protocol: 'tcp' }, action: { kind: 'dscp', value: 46 } }], {
          hook: 'POSTROUTING',
        }),
      ]),
    )
    expect(await visit(lab.client, addresses.server.v4, 8080)).toBe(addresses.client.v4)
    expect(await visit(lab.client, addresses.server.v6, 8080, addresses.client.v6)).toBe(addresses.client.v6)
    const packets = [...(await lab.server.run([nft, 'list', 'table', 'inet', 'seen'])).matchAll(/packets (\d+)/g)].map(
      ([, count]) => Number(count),
    )
    expect(packets.slice(0, 2)).toEqual([1, 1])
    expect(packets[2]).toBeGreaterThan(2)
    expect(packets[3]).toBeGreaterThan(2)
  })

  test('a rate for each source lets the first packets through and no more, and what it remembers is no drift', async () => {
    const limit = { packets: 1, per: 'hour', burst: 3, perSource: true } as const
    const ping: PacketMatch = { protocol: 'icmp', icmp: { type: 8 } }
    const program = only4(
      chainOf(
        'FAIRLEAD-INPUT',
        'filter',
        [
          { match: { ...ping, limit }, action: accept },
          { match: ping, action: drop },
        ],
        { hook: 'INPUT' },
      ),
    )
    await load(program)
    for (const source of [addresses.client.v4, addresses.otherClient.v4]) {
      const argv = [
        '/bin/ping',
        '-q',
        '-i',
        '0.05',
        '-c',
        '8',
        '-W',
        '1',
        '-I',
        source,
        addresses.nodeToClient.v4,
      ] as const
      const { stdout } = await lab.client.commands.run(argv)
      expect(/(\d+) received/.exec(stdout)?.[1]).toBe('3')
    }
    expect(await lab.node.run([nft, 'list', 'table', 'inet', 'fairlead'])).toContain(addresses.otherClient.v4)
    expect(await filter.observe(program, signal)).toEqual({ kind: 'settled' })
    const inverse = await filter.inverse(signal)
    expect(JSON.stringify(inverse)).not.toContain(addresses.otherClient.v4)
  })

  test('while a table is written again and again no accepted packet is lost and no denied one comes through', async () => {
    const program = (port: number): FilterProgram =>
      programOf([
        anchor,
        chainOf(
          'FAIRLEAD-INPUT',
          'filter',
          [
            ...Array.from({ length: 100 }, (_, at) => ({
              match: { protocol: 'tcp' as const, destinationPorts: ports(port + at) },
              action: drop,
            })),
            { match: { protocol: 'icmp', icmp: { type: 8 } }, action: accept },
            { match: { protocol: 'icmp' }, action: drop },
            { match: { protocol: 'icmpv6', icmp: { type: 128 } }, action: drop },
          ],
          { hook: 'INPUT' },
        ),
      ])
    const programs = [program(1000), program(2000)] as const
    await load(programs[0])
    await filter.check(programs[1], signal)
    const stream = (host: string): Promise<{ readonly stdout: string }> =>
      lab.client.commands.run(['/bin/ping', '-q', '-i', '0.002', '-c', '500', '-W', '1', host], { timeoutMs: 30_000 })
    let isOver = false
    const streams = Promise.all([stream(addresses.nodeToClient.v4), stream(addresses.nodeToClient.v6)]).finally(() => {
      isOver = true
    })
    let writes = 0
    for (; !isOver; writes += 1) await load(programs[writes % 2 === 0 ? 1 : 0])
    expect(writes).toBeGreaterThan(5)
    const [open, denied] = await streams
    expect(open.stdout).toContain('500 packets transmitted, 500 received')
    expect(denied.stdout).toContain('500 packets transmitted, 0 received')
  })

  test('case 58: a session that began before connections were tracked lives on under a deny by state', async () => {
    stops.push((await greet(lab.node, 22)).stop)
    const session = await openSession(lab.client, addresses.nodeToClient.v4, 22, 'busy')
    stops.push(session.stop)
    await load(
      programOf([
        anchor,
        chainOf(
          'FAIRLEAD-INPUT',
          'filter',
          [
            { match: { protocol: 'tcp', destinationPorts: ports(22) }, action: accept },
            { match: { states: ['ESTABLISHED', 'RELATED'] }, action: accept },
            { match: { protocol: 'tcp' }, action: drop },
          ],
          { hook: 'INPUT' },
        ),
      ]),
    )
    expect(await session.echoes(500)).toBeGreaterThan(5)
    expect(await visit(lab.client, addresses.nodeToClient.v4, 23)).toBe('timeout')
  })

  test('case 60: neighbours are found under a deny of everything else', async () => {
    const discovery = [133, 134, 135, 136].map((type) => ({
      match: { protocol: 'icmpv6', icmp: { type } } as PacketMatch,
      action: accept,
    }))
    await load({
      v4: familyOf([anchor]),
      v6: familyOf([anchor, chainOf('FAIRLEAD-INPUT', 'filter', [...discovery, { action: drop }], { hook: 'INPUT' })]),
    })
    await lab.client.run(['/usr/sbin/ip', '-6', 'neigh', 'flush', 'dev', 'eth0'])
    const host = addresses.nodeToClient.v6
    const { stdout } = await lab.client.commands.run(['/bin/ping', '-q', '-c', '1', '-W', '1', host])
    expect(stdout).toContain(' 0 received')
    expect(await lab.client.run(['/usr/sbin/ip', '-6', 'neigh', 'show', host])).toMatch(/REACHABLE|DELAY|STALE|PROBE/)
  })
})

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FilterProgram, PacketMatch } from '../../src/domain/packet-filter.ts'
import {
  accept,
  anchor,
  chainOf,
  drop,
  familyOf,
  network,
  ports,
  programOf,
  type RuleDraft,
} from '../lab/filter-programs.ts'
import {
  type FilterLab,
  type FilterPlane,
  newRoutedLab,
  nodeAddress,
  type RoutedLab,
  serverAddress,
} from './filter-lab.ts'
import { connect, countPackets, openSession, serve, stream } from './filter-traffic.ts'

const signal = new AbortController().signal

/**
 * What packets meet, whatever holds the program.
 * @param iptables with which rules of other programs are written: `/usr/sbin/iptables-nft`
 */
export function filterPacketContract(
  title: string,
  open: (lab: FilterLab) => Promise<FilterPlane>,
  iptables: { readonly v4: string; readonly v6: string },
): void {
  describe(`packets through a filter: ${title}`, () => {
    let lab: RoutedLab
    let plane: FilterPlane
    beforeEach(async () => {
      lab = await newRoutedLab()
      plane = await open(lab)
    })
    afterEach(async () => {
      await plane.down?.()
      await lab.down()
    })

    test('case 3: a hundred replacements of five hundred rules lose no packet, and let none through', async () => {
      const count = await countPackets(lab.node, [7000, 7001])
      await plane.filter.replace(denyAllBut(500, 7000), signal)
      const sender = await stream(lab.client, nodeAddress.v4, [7000, 7001])
      for (let turn = 0; turn < 100; turn += 1) await plane.filter.replace(denyAllBut(500 + (turn % 2), 7000), signal)
      await sender.stop()
      const [open7000, closed7001] = [await count(7000), await count(7001)]
      expect(open7000.came).toBeGreaterThan(1000)
      expect(open7000.passed).toBe(open7000.came)
      expect(closed7001.came).toBeGreaterThan(1000)
      expect(closed7001.passed).toBe(0)
    })

    test('case 58: a session from before connection tracking goes on where its port is accepted ahead of the state', async () => {
      const server = await serve(lab.node, { tcp: [22, 23] })
      const ssh = await openSession(lab.client, nodeAddress.v4, 22)
      await plane.filter.replace(stateful, signal)
      expect(await ssh.speak()).toBe(true)
      expect((await connect(lab.client, [`${nodeAddress.v4}/23`])).get(`${nodeAddress.v4}/23`)).toBe('timeout')
      await Promise.all([ssh.stop(), server.stop()])
    })

    test('case 59: a translated connection goes on when the translation leaves the program: the anchor stays', async () => {
      const server = await serve(lab.server, { tcp: [80] })
      await plane.filter.replace(masquerading, signal)
      const before = await connect(lab.client, [`${serverAddress.v4}/80`], 'peer')
      expect(before.get(`${serverAddress.v4}/80`)).toBe('10.91.0.1')
      const session = await openSession(lab.client, serverAddress.v4, 80)
      await plane.filter.replace(programOf([anchor]), signal)
      expect(await session.speak()).toBe(true)
      const after = await connect(lab.client, [`${serverAddress.v4}/80`], 'peer')
      expect(after.get(`${serverAddress.v4}/80`)).toBe('10.90.0.2')
      await Promise.all([session.stop(), server.stop()])
    })

    test('an exemption keeps the source against a later masquerade, and leaves marked Service traffic to it', async () => {
      const server = await serve(lab.server, { tcp: [80, 81] })
      await lab.node.run([iptables.v4, '-t', 'nat', '-A', 'POSTROUTING', '-s', '10.90.0.0/24', '-j', 'MASQUERADE'])
      await lab.node.run(
        [iptables.v4, '-t', 'mangle', '-A', 'PREROUTING', '-p', 'tcp', '--dport', '81'].concat([
          '-j',
          'MARK',
          '--set-xmark',
          '0x4000/0x4000',
        ]),
      )
      const places = [`${serverAddress.v4}/80`, `${serverAddress.v4}/81`]
      expect([...(await connect(lab.client, places, 'peer')).values()]).toEqual(['10.91.0.1', '10.91.0.1'])
      await plane.filter.replace(exempting, signal)
      expect([...(await connect(lab.client, places, 'peer')).values()]).toEqual(['10.90.0.2', '10.91.0.1'])
      await server.stop()
    })

    test('the segment size of connections that are forwarded is clamped in both families', async () => {
      const server = await serve(lab.server, { tcp: [80] })
      await plane.filter.replace(clamping, signal)
      for (const [host, family] of [
        [serverAddress.v4, 'ip'],
        [serverAddress.v6, 'ip6'],
      ] as const) {
        expect(await segmentSize(lab, host, family)).toBe(1200)
      }
      await server.stop()
    })
  })
}

/** Accepts one UDP port after `count` other rules, then drops all UDP. */
function denyAllBut(count: number, port: number): FilterProgram {
  const filler = Array.from(
    { length: count },
    (_, index): RuleDraft => ({
      match: { source: network(`10.200.${index >> 8}.${index & 255}/32`), protocol: 'tcp', destinationPorts: ports(9) },
      action: accept,
    }),
  )
  const rules: readonly RuleDraft[] = [
    ...filler,
    { match: { protocol: 'udp', destinationPorts: ports(port) }, action: accept },
    { match: { protocol: 'udp' }, action: drop },
  ]
  const v4 = familyOf([anchor, chainOf('FAIRLEAD-INPUT', 'filter', rules, { hook: 'INPUT' })])
  return { v4, v6: familyOf([anchor]) }
}

const stateful = programOf([
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
])

function translating(match: PacketMatch, kind: 'masquerade' | 'keepSource'): FilterProgram {
  const nat = chainOf('FAIRLEAD-POSTROUTING', 'nat', [{ match, action: { kind } }], { hook: 'POSTROUTING' })
  return { v4: familyOf([anchor, nat]), v6: familyOf([anchor]) }
}

const masquerading = translating({ source: network('10.90.0.0/24') }, 'masquerade')

const exempting = translating(
  {
    source: network('10.90.0.0/24'),
    destination: network('10.91.0.0/24'),
    mark: { value: 0x4000, mask: 0x4000, negated: true },
  },
  'keepSource',
)

const clamping = programOf([
  anchor,
  chainOf(
    'FAIRLEAD-FORWARD',
    'mangle',
    [{ match: { protocol: 'tcp', tcpSyn: true }, action: { kind: 'clampMss', to: 1200 } }],
    { hook: 'FORWARD' },
  ),
])

/** The segment size that the server is offered: what a native rule of its own counts there. */
async function segmentSize(lab: RoutedLab, host: string, family: 'ip' | 'ip6'): Promise<number | undefined> {
  const sizes = [1200, 1440, 1460]
  const rules = sizes.map((size) => `tcp flags syn tcp option maxseg size ${size} counter;`).join(' ')
  await lab.server.run(
    ['/usr/sbin/nft', '-f', '-'],
    `table ${family} sizes {\nchain seen { type filter hook prerouting priority -300; ${rules} }\n}\n`,
  )
  await connect(lab.client, [`${host}/80`])
  const text = await lab.server.run(['/usr/sbin/nft', 'list', 'table', family, 'sizes'])
  return sizes.find((size) => new RegExp(`maxseg size ${size} counter packets [1-9]`).test(text))
}

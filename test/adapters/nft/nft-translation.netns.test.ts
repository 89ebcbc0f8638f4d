import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openNft } from '../../../src/adapters/nft/nft-filter.ts'
import type { FilterChain, FilterProgram, PacketMatch } from '../../../src/domain/packet-filter.ts'
import type { PacketFilterPort } from '../../../src/ports/packet-filter-port.ts'
import { anchor, chainOf, drop, emptyFamily, familyOf, network, ports } from '../../lab/filter-programs.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { addresses, greet, newRoutedLab, openSession, type RoutedLab, visit } from './routed-lab.ts'

const signal = new AbortController().signal
const reason = await whyNoNamespaces(['ip', 'nft', 'unshare', 'iptables-nft', 'iptables-legacy'])
const unmarked: PacketMatch = { mark: { value: 0x4000, mask: 0x4000, negated: true } }

function only4(...chains: readonly FilterChain[]): FilterProgram {
  return { v4: familyOf([anchor, ...chains]), v6: emptyFamily }
}

describe.skipIf(reason !== undefined)(
  `translated packets${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
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
    /** What a K3s node does: a NodePort that is translated to the server, marked and masqueraded, like pods elsewhere. */
    const translate = async (iptables: string): Promise<void> => {
      const lock = { XTABLES_LOCKFILE: `/run/${lab.node.name}.lock` }
      for (const rule of [
        '-A PREROUTING -p tcp --dport 30080 -j MARK --set-xmark 0x4000/0x4000',
        `-A PREROUTING -p tcp --dport 30080 -j DNAT --to-destination ${addresses.server.v4}:8080`,
        '-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE',
        '-A POSTROUTING -s 10.90.0.0/24 -j MASQUERADE',
      ]) {
        const { code, stderr } = await lab.node.commands.run([iptables, '-t', 'nat', ...rule.split(' ')], {
          environment: lock,
        })
        if (code !== 0) throw new Error(stderr)
      }
      await lab.node.run(['/bin/rm', '-f', lock.XTABLES_LOCKFILE])
    }

    test.each(['/usr/sbin/iptables-nft', '/usr/sbin/iptables-legacy'])(
      'a pod keeps its address towards an exempted network although %s masquerades it, and a NodePort client does not',
      async (iptables) => {
        await greeter()
        await translate(iptables)
        const server = addresses.server.v4
        expect(await visit(lab.client, server, 8080)).toBe(addresses.nodeToServer.v4)
        const exemption: PacketMatch = {
          ...unmarked,
          source: network('10.90.0.0/24'),
          destination: network('10.91.0.0/24'),
        }
        await load(
          only4(
            chainOf('FAIRLEAD-NAT', 'nat', [{ match: exemption, action: { kind: 'keepSource' } }], {
              hook: 'POSTROUTING',
            }),
          ),
        )
        expect(await visit(lab.client, server, 8080)).toBe(addresses.client.v4)
        expect(await visit(lab.client, addresses.nodeToClient.v4, 30_080)).toBe(addresses.nodeToServer.v4)
      },
    )

    test('a NodePort is denied to one client and open to another, and so are the ports as clients wrote them', async () => {
      await greeter()
      await translate('/usr/sbin/iptables-nft')
      const tries = async (): Promise<readonly string[]> => [
        await visit(lab.client, addresses.nodeToClient.v4, 30_080, addresses.client.v4),
        await visit(lab.client, addresses.nodeToClient.v4, 30_080, addresses.otherClient.v4),
        await visit(lab.client, addresses.server.v4, 8080, addresses.client.v4),
      ]
      const source = network(`${addresses.client.v4}/32`)
      const seen = addresses.nodeToServer.v4
      expect(await tries()).toEqual([seen, seen, seen])
      const before: PacketMatch = {
        source,
        protocol: 'tcp',
        destinationPorts: ports([[30_000, 32_767]]),
        destinationIsLocal: true,
      }
      await load(
        only4(chainOf('FAIRLEAD-SERVICES', 'mangle', [{ match: before, action: drop }], { hook: 'PREROUTING' })),
      )
      expect(await tries()).toEqual(['timeout', seen, seen])
      const after: PacketMatch = {
        source,
        protocol: 'tcp',
        originalDestinationPorts: ports([30_001, [30_080, 30_090]]),
      }
      await load(only4(chainOf('FAIRLEAD-FORWARD', 'filter', [{ match: after, action: drop }], { hook: 'FORWARD' })))
      expect(await tries()).toEqual(['timeout', seen, seen])
    })

    test('case 59: a translated connection lives on when all NAT of the program goes', async () => {
      await greeter()
      const nat = chainOf(
        'FAIRLEAD-NAT',
        'nat',
        [{ match: { source: network('10.90.0.0/24') }, action: { kind: 'masquerade' } }],
        {
          hook: 'POSTROUTING',
        },
      )
      await load(only4(nat))
      expect(await visit(lab.client, addresses.server.v4, 8080)).toBe(addresses.nodeToServer.v4)
      const session = await openSession(lab.client, addresses.server.v4, 8080, 'busy')
      stops.push(session.stop)
      await load(only4())
      expect(await session.echoes(500)).toBeGreaterThan(5)
      expect(await visit(lab.client, addresses.server.v4, 8080)).toBe(addresses.client.v4)
    })
  },
)

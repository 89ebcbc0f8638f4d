import { describe } from 'vitest'
import { openNft } from '../../../src/adapters/nft/nft-filter.ts'
import type { FilterLab, FilterPlane } from '../../contract/filter-lab.ts'
import { packetFilterContract } from '../../contract/packet-filter.ts'
import { accept, chainOf, programOf, typicalProgram } from '../../lab/filter-programs.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'

const nft = '/usr/sbin/nft'
const input = 'filter4_FAIRLEAD-INPUT'
const reason = await whyNoNamespaces(['ip', 'nft', 'unshare', 'iptables-nft'])

async function openPlane({ node }: FilterLab): Promise<FilterPlane> {
  const foreignTables = async (): Promise<readonly string[]> =>
    (await node.run([nft, 'list', 'tables']))
      .split('\n')
      .filter((line) => line.startsWith('table ') && line !== 'table inet fairlead')
  return {
    filter: openNft({ commands: node.commands }),
    foreign: async () => {
      const texts: string[] = []
      for (const table of await foreignTables())
        texts.push(await node.run([nft, '-s', '-a', 'list', ...table.split(' ')]))
      return texts.join('\n')
    },
    addForeign: async () => {
      await node.run(['/usr/sbin/iptables-nft', '-A', 'INPUT', '-s', '203.0.113.9', '-j', 'ACCEPT'])
      await node.run(['/usr/sbin/iptables-nft', '-t', 'nat', '-N', 'KUBE-SERVICES'])
      await node.run(['/usr/sbin/ip6tables-nft', '-A', 'FORWARD', '-s', '2001:db8::9', '-j', 'DROP'])
      await node.run(
        [nft, '-f', '-'],
        'table inet other {\nchain theirs {\ntype filter hook input priority 0;\nip saddr 203.0.113.9 drop\n}\n}\n',
      )
    },
    removeOneRule: async () => {
      const listing = await node.run([nft, '-a', 'list', 'chain', 'inet', 'fairlead', input])
      const handle = / comment "fairlead:.* # handle (\d+)/.exec(listing)?.[1] ?? 'none'
      await node.run([nft, 'delete', 'rule', 'inet', 'fairlead', input, 'handle', handle])
    },
    addToOurs: async () => {
      await node.run([nft, 'insert', 'rule', 'inet', 'fairlead', input, 'ip', 'saddr', '203.0.113.7', 'accept'])
    },
    wipe: async () => {
      await node.run([nft, 'flush', 'ruleset'])
    },
    // A table that was written anew has other handles.
    counters: () => node.run([nft, '-a', 'list', 'table', 'inet', 'fairlead']),
  }
}

describe.skipIf(reason !== undefined)(`nft plane${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  packetFilterContract('nft', openPlane, () => ({
    path: 'spec.firewall.bad',
    program: programOf([
      ...typicalProgram().v4.chains,
      chainOf(
        'FAIRLEAD-BAD',
        'mangle',
        [
          { match: { protocol: 'tcp' }, action: accept, path: 'spec.firewall.good' },
          {
            match: { protocol: 'tcp', tcpSyn: true },
            action: { kind: 'clampMss', to: 'pmtu' },
            path: 'spec.firewall.bad',
          },
          { match: { protocol: 'udp' }, action: accept, path: 'spec.firewall.also' },
        ],
        { hook: 'INPUT' },
      ),
    ]),
  }))
})

import { describe } from 'vitest'
import { packetFilterContract } from '../../contract/packet-filter.ts'
import { anchor, chainOf, programOf } from '../../lab/filter-programs.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { iptablesPlane } from './iptables-plane.ts'

const why = await whyNoNamespaces(['ip', 'iptables-nft', 'iptables-legacy', 'ipset', 'unshare'])

describe.skipIf(why !== undefined)(`iptables${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  for (const backend of ['nft', 'legacy'] as const) {
    packetFilterContract(
      `iptables, ${backend}`,
      async ({ node }) => iptablesPlane(node, backend),
      () => ({
        // `--test` takes it; only the kernel knows that nat refuses no packet.
        program: programOf([
          anchor,
          chainOf(
            'FAIRLEAD-NAT',
            'nat',
            [
              { action: { kind: 'return' } },
              { action: { kind: 'reject', with: 'port-unreachable' }, path: 'spec.firewall.forward[7]' },
              { action: { kind: 'return' } },
            ],
            { hook: 'POSTROUTING' },
          ),
        ]),
        path: 'spec.firewall.forward[7]',
      }),
    )
  }
})

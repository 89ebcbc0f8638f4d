import { describe } from 'vitest'
import { filterPacketContract } from '../../contract/filter-packets.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { iptablesPlane } from './iptables-plane.ts'

const why = await whyNoNamespaces(['ip', 'iptables-nft', 'iptables-legacy', 'ipset', 'unshare', 'nft'])

describe.skipIf(why !== undefined)(`iptables${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  for (const backend of ['nft', 'legacy'] as const) {
    filterPacketContract(`iptables, ${backend}`, async ({ node }) => iptablesPlane(node, backend), {
      v4: `/usr/sbin/iptables-${backend}`,
      v6: `/usr/sbin/ip6tables-${backend}`,
    })
  }
})

import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { newTestAgent } from '../lab/agent-in-namespace.ts'
import { networkOfDocuments } from '../lab/network-of-documents.ts'
import { newNamespace, whyNoNamespaces } from '../netns/namespace.ts'

const reason = await whyNoNamespaces(['ip', 'iptables', 'nft', 'unshare'])
const denyWeb = `
  firewall:
    input:
      - { name: no-web, protocol: tcp, ports: [8080], action: Drop }
`

test.skipIf(reason !== undefined)(
  `a change whose probes are being asked when somebody panics is not made${reason === undefined ? '' : ` (${reason})`}`,
  async () => {
    const ns = await newNamespace('panic')
    await ns.run(['ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'peer0'])
    await ns.run(['ip', 'addr', 'add', '192.168.1.5/24', 'dev', 'eth0'])
    for (const link of ['eth0', 'peer0']) await ns.run(['ip', 'link', 'set', link, 'up'])
    const agent = newTestAgent(ns.name)
    try {
      await agent.adopt()
      const network = await networkOfDocuments(denyWeb, '  rollout: { confirmTimeout: 30s }\n')
      if (network === undefined) throw new Error('the documents say nothing of the kernel')
      const silent = { name: 'far', check: { kind: 'tcp', host: '192.168.1.77', port: 9 }, timeoutMs: 3_000 } as const
      agent.write({ ...network, probes: [silent] })
      agent.start()
      await expect.poll(() => agent.log().includes('program read'), { timeout: 10_000 }).toBe(true)
      await sleep(1_000)
      const { code, out } = await agent.verb('panic')
      expect(code, out).toBe(0)
      expect(existsSync(`${agent.stateDirectory}/checkpoint`)).toBe(false)
      await sleep(5_000)
      expect(await ns.run(['iptables-save'])).not.toContain('FAIRLEAD')
    } finally {
      await agent.close()
      await ns.down()
    }
  },
)

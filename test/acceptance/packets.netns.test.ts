import { describe, expect, test } from 'vitest'
import { installK3s } from '../netns/k3s-install.ts'
import type { Lab } from '../netns/lab.ts'
import { rules } from '../netns/observe.ts'
import { http, httpServer, tcp, urlHost } from '../netns/traffic.ts'
import { agentOnNode, isInForce, skipped, whyNotHere } from './agent-on-node.ts'
import { timeUntil } from './time-until.ts'

const families = [4, 6] as const
const nodePort = 30_080

describe.skipIf(whyNotHere !== undefined)(`rules of documents and what packets do${skipped}`, () => {
  test.each([
    ['iptables', 'nft'],
    ['iptables', 'legacy'],
    ['nft', 'nft'],
  ] as const)(
    'case 65: a NodePort that is denied to clients answers pods and other nodes (plane %s, K3s on %s)',
    async (plane, backend) => {
      const { lab, enforce } = await agentOnNode()
      await installK3s(lab, 'n1', { backend, nodePort })
      await httpServer(lab, 'p1', 8080)
      for (const family of families) expect((await visit(lab, 'cl', 'n1', family)).status).toBe(200)
      await enforce(`  firewall:
    plane: ${plane}
    services:
      - { name: no-node-port, from: [192.168.13.0/24, 'fd13::/64'], protocol: tcp, ports: [${nodePort}], action: Drop }
`)
      for (const family of families) {
        expect((await tcp(lab, 'cl', lab.addresses.n1[family], nodePort)).outcome).toBe('timeout')
        expect((await visit(lab, 'p2', 'n1', family)).status).toBe(200)
        expect((await visit(lab, 'n2', 'n1', family)).status).toBe(200)
      }
      // A rule in INPUT would never see the translated packet.
      const { v4, v6 } = await rules(lab, 'n1', backend)
      for (const line of `${v4}${v6}`
        .split('\n')
        .filter((one) => one.includes(`--dport ${nodePort}`) && one.includes('fairlead:'))) {
        expect(line).toMatch(/^-A FAIRLEAD-SERVICES /)
      }
    },
  )

  // The plane iptables is in the backend of K3s, and what another one masquerades there is out of its reach.
  test.each([
    ['iptables', 'nft', 'legacy', '10.99.0.0/16'],
    ['iptables', 'legacy', 'nft', '10.99.0.0/16'],
    ['nft', 'nft', 'legacy', '10.42.0.0/16'],
    ['nft', 'legacy', 'nft', '10.42.0.0/16'],
  ] as const)(
    'cases 66 and 67: a pod keeps its address towards an exempted network, and a NodePort client does not (plane %s, K3s on %s, %s masquerades %s)',
    async (plane, backend, other, network) => {
      const { lab, enforce } = await exemptedNode(backend)
      await lab.x('n1', [`iptables-${other}`, '-t', 'nat', '-A', 'POSTROUTING', '-s', network, '-j', 'MASQUERADE'])
      expect((await fromPod(lab)).source).toBe(lab.addresses.n1[4])
      await enforce(exemption(plane))
      expect((await fromPod(lab)).source).toBe(lab.addresses.p1[4])
      expect((await visit(lab, 'cl', 'n1', 4)).source).toBe('10.42.1.1')
    },
  )

  test.each(['iptables', 'nft'])(
    'case 68: the segment size of a SYN is clamped in both families (plane %s)',
    async (plane) => {
      const { lab, enforce } = await agentOnNode({ only: ['gw', 'n1', 'p1', 'cl'] })
      await lab.x('cl', ['nft', '-f', '-'], countSyns)
      await enforce(`  firewall: { plane: ${plane}, clampMSS: [{ name: uplink, outInterface: eth0, mss: 1200 }] }\n`)
      for (const family of families) await tcp(lab, 'p1', lab.addresses.cl[family], 8080, { timeoutMs: 300 })
      const counted = await lab.x('cl', ['nft', '-j', 'list', 'table', 'inet', 'count'])
      const packets = [...counted.matchAll(/"packets": (\d+)/g)].map(([, count]) => Number(count))
      // Clamped ones of IPv4 and IPv6, then whatever else came.
      expect(packets.slice(0, 2).every((count) => count > 0)).toBe(true)
      expect(packets[2]).toBe(0)
    },
  )

  test('case 69: one network more in an allow-list of twenty thousand changes one set, and no rule', async () => {
    const { lab, agent, enforce } = await agentOnNode({ only: ['gw', 'n1', 'cl'] })
    await httpServer(lab, 'n1', 8080)
    const nets = Array.from(
      { length: 20_000 },
      (_, at) => `10.${100 + (at >> 12)}.${(at >> 4) & 255}.${(at & 15) * 16}/30`,
    )
    const listed = (more: readonly string[]): string => `  firewall:
    services: [{ name: listed, notFrom: [${[...nets, ...more].join(', ')}], protocol: tcp, ports: [8080], action: Drop }]
`
    // With the handles of rules, which a rule that is written again does not keep.
    const ownRules = async (): Promise<string> => {
      const text = await lab.x('n1', ['nft', '-a', 'list', 'chain', 'ip', 'mangle', 'FAIRLEAD-SERVICES'])
      return text.replace(/packets \d+ bytes \d+/g, '')
    }
    await enforce(listed([]))
    expect((await tcp(lab, 'cl', lab.addresses.n1[4], 8080)).outcome).toBe('timeout')
    const before = await ownRules()
    await enforce(listed(['192.168.13.0/24']))
    await timeUntil(async () => (await tcp(lab, 'cl', lab.addresses.n1[4], 8080)).outcome === 'connected', 5_000)
    expect(await ownRules()).toBe(before)
    await agent.statusUntil(isInForce)
  })
})

const countSyns = `table inet count {
  chain input {
    type filter hook input priority 0
    meta nfproto ipv4 tcp flags syn tcp option maxseg size 1200 counter accept
    meta nfproto ipv6 tcp flags syn tcp option maxseg size 1200 counter accept
    tcp flags syn counter
  }
}
`

async function exemptedNode(backend: 'nft' | 'legacy'): ReturnType<typeof agentOnNode> {
  const node = await agentOnNode({ only: ['gw', 'n1', 'p1', 'cl'] })
  const { lab } = node
  await installK3s(lab, 'n1', { backend, nodePort })
  await lab.x('gw', ['ip', 'route', 'add', '10.42.1.0/24', 'via', lab.addresses.n1[4]])
  await Promise.all([httpServer(lab, 'cl', 8080), httpServer(lab, 'p1', 8080)])
  return node
}

const exemption = (plane: string): string => `  firewall: { plane: ${plane} }
  masqueradeExemptions: [{ name: office, from: [10.42.0.0/16], to: [192.168.13.0/24] }]
`

async function fromPod(lab: Lab): ReturnType<typeof http> {
  return await http(lab, 'p1', `http://${lab.addresses.cl[4]}:8080/`)
}

/** By the NodePort of the node. */
async function visit(lab: Lab, from: 'cl' | 'p2' | 'n2', to: 'n1', family: 4 | 6): ReturnType<typeof http> {
  return await http(lab, from, `http://${urlHost(lab.addresses[to][family], family)}:${nodePort}/`)
}

import { afterEach, describe, expect, test } from 'vitest'
import type { NetworkProgram } from '../../src/domain/network-program.ts'
import { newTestAgent, type TestAgent } from '../lab/agent-in-namespace.ts'
import { networkOfDocuments } from '../lab/network-of-documents.ts'
import { type Namespace, newNamespace, whyNoNamespaces } from '../netns/namespace.ts'
import { recording } from '../plan/cleanups/sample-leftovers.ts'

const why = await whyNoNamespaces(['ip', 'iptables-nft-restore', 'ipset'])
const open: { namespaces: Namespace[]; agents: TestAgent[] } = { namespaces: [], agents: [] }

afterEach(async () => {
  for (const agent of open.agents.splice(0)) await agent.close()
  for (const namespace of open.namespaces.splice(0)) await namespace.down()
})

async function machine(): Promise<{ ns: Namespace; agent: TestAgent }> {
  const ns = await newNamespace('tended')
  open.namespaces.push(ns)
  await ns.run(['ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'peer0'])
  await ns.run(['ip', 'addr', 'add', '192.168.1.5/24', 'dev', 'eth0'])
  for (const link of ['eth0', 'peer0']) await ns.run(['ip', 'link', 'set', link, 'up'])
  const agent = newTestAgent(ns.name)
  open.agents.push(agent)
  await agent.adopt()
  return { ns, agent }
}

async function programOf(clusterSpec: string): Promise<NetworkProgram> {
  const program = await networkOfDocuments('', clusterSpec)
  if (program === undefined) throw new Error('the documents ask for nothing')
  return program
}

describe.skipIf(why !== undefined)(`an agent tends its node${why === undefined ? '' : ` (${why})`}`, () => {
  test('leftovers of which nobody can tell whether their owner is gone are told, and the node is settled', async () => {
    const { ns, agent } = await machine()
    await ns.run(['ipset', 'restore'], recording('ipset-save-policy-disabled.txt'))
    await ns.run(['iptables-nft-restore'], recording('iptables-save-policy-disabled.txt'))
    const left = async (): Promise<number> => (await ns.run(['iptables-nft-save'])).split('KUBE-ROUTER').length
    const before = await left()
    agent.write(await programOf('  components: { networkPolicy: { enabled: false } }\n'))
    agent.start()
    const status = await agent.statusUntil((one) => one.network?.items.some(({ kind }) => kind === 'cleanup') === true)
    expect(status.conditions.find(({ type }) => type === 'KernelReady')).toMatchObject({ reason: 'Applied' })
    expect(status.network?.items.map(({ kind, state }) => [kind, state])).toContainEqual(['cleanup', 'Kept'])
    expect(status.network?.items.map(({ message }) => message).join('\n')).toContain(
      'unknown: nothing shows what the K3s of this node was started with (--disable-network-policy)',
    )
    expect(await left()).toBe(before)
  })

  test('case 32: a route to pods that stays away for 15 seconds is put back as flannel writes it', async () => {
    const { ns, agent } = await machine()
    const peer = { node: 'pi-2', podCIDRs: ['10.42.2.0/24'], addresses: ['192.168.1.2'] }
    const podRoutes = {
      backend: 'host-gw',
      directRouting: false,
      clusterCIDRs: ['10.42.0.0/16'],
      peers: [peer],
      isComplete: true,
    } as const
    agent.write({ ...(await programOf('')), podRoutes })
    const beganMs = Date.now()
    agent.start()
    await agent.statusUntil((one) => one.network?.items.some(({ kind }) => kind === 'pod-route') === true)
    const routes = async (): Promise<string> => await ns.run(['ip', 'route', 'show', '10.42.2.0/24'])
    expect(await routes()).toBe('')
    await expect.poll(routes, { timeout: 30_000, interval: 200 }).toContain('via 192.168.1.2 dev eth0')
    expect(Date.now() - beganMs).toBeGreaterThanOrEqual(15_000)
    expect(await routes()).not.toContain('proto')
    await agent.statusUntil((one) => one.network?.items.length === 0)
  }, 60_000)
})

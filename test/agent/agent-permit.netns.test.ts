import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type KubeObjects, openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import type { NetworkProgram } from '../../src/domain/network-program.ts'
import type { StatusSnapshot } from '../../src/domain/status.ts'
import { prepareCluster, signal, TestController, until } from '../cluster/agent-lab.ts'
import { hasApiServer, startApiServer, type TestApiServer } from '../cluster/api-server.ts'
import { nodeProgram } from '../lab/agent-in-namespace.ts'
import { agentMachine } from '../lab/agent-machine.ts'
import { networkOfDocuments } from '../lab/network-of-documents.ts'
import { whyNoNamespaces } from '../netns/namespace.ts'
import { apiInNamespace } from './api-in-namespace.ts'

const reason = hasApiServer ? await whyNoNamespaces(['ip', 'iptables', 'nft', 'unshare']) : 'no kube-apiserver'

const harmless = `
  firewall:
    input:
      - { name: web, protocol: tcp, ports: [8080], action: Accept }
`
const risky = `
  firewall:
    input:
      - { name: no-web, protocol: tcp, ports: [8080], action: Drop }
`

let server: TestApiServer
let objects: KubeObjects

beforeAll(async () => {
  if (reason !== undefined) return
  server = await startApiServer()
  objects = await openKubeObjects({ kubeconfigs: [server.kubeconfig] }, signal)
  await prepareCluster(objects, ['n1'])
})
afterAll(async () => {
  await objects?.close()
  await server?.stop()
})

const kernelReason = (status: StatusSnapshot): string =>
  status.conditions.find(({ type }) => type === 'KernelReady')?.reason ?? ''

async function networkOf(spec: string): Promise<NetworkProgram> {
  const network = await networkOfDocuments(spec, '  rollout: { confirmTimeout: 30s }\n')
  if (network === undefined) throw new Error('the documents say nothing of the kernel')
  return network
}

describe.skipIf(reason !== undefined)(`a risky change of an agent under a controller (${reason ?? 'real'})`, () => {
  test('waits with nothing of it in the kernel until this very program is permitted, and is tried and kept then', async () => {
    const controller = new TestController(objects)
    await controller.tellKey()
    const { ns, agent } = await agentMachine({ environment: { FAIRLEAD_SOURCE: 'api' }, interval: '1s' })
    await apiInNamespace(server, { namespace: ns.name, root: agent.root, node: 'n1' })
    const rules = async (): Promise<readonly string[]> =>
      (await ns.run(['iptables-save'])).split('\n').filter((line) => line.includes('--dport 8080'))

    const first = nodeProgram(await networkOf(harmless))
    await controller.publish(first)
    agent.start()
    await agent.statusUntil((status) => kernelReason(status) === 'Applied')
    const accepted = await rules()
    expect(accepted.length).toBeGreaterThan(0)

    const next = nodeProgram(await networkOf(risky))
    await controller.publish(next)
    const waiting = await agent.statusUntil((status) => kernelReason(status) === 'AwaitingPermit')
    expect(waiting.network?.checkpoint?.phase).not.toBe('probing')
    expect(await rules()).toEqual(accepted)
    await until(
      async () => (await controller.statusOf('n1'))?.awaitingPermit?.program === next.digest,
      'the request in the API',
    )
    expect((await controller.statusOf('n1'))?.awaitingPermit?.changes.join()).toContain('no-web')

    // What was confirmed is held meanwhile.
    await ns.run(['iptables', '-F'])
    await ns.run(['iptables', '-t', 'mangle', '-F'])
    await expect.poll(rules, { timeout: 10_000 }).toEqual(accepted)
    // A permit for another program is none.
    const { sequence } = await controller.publish(next, { permit: { program: first.digest } })
    await until(async () => (await controller.statusOf('n1'))?.observedSequence === sequence, 'the other permit')
    expect(kernelReason(await agent.statusUntil(() => true))).toBe('AwaitingPermit')
    expect(await rules()).toEqual(accepted)

    await controller.publish(next, { permit: { program: next.digest } })
    await agent.statusUntil((status) => status.network?.checkpoint?.phase === 'probing')
    const { code, out } = await agent.verb('confirm')
    expect(code, out).toBe(0)
    await agent.statusUntil((status) => kernelReason(status) === 'Applied')
    expect((await rules()).some((line) => line.includes('DROP'))).toBe(true)
    await until(async () => {
      const told = await controller.statusOf('n1')
      return told?.verdict === 'settled' && told.appliedProgram === next.digest && told.awaitingPermit === undefined
    }, 'the end of it in the API')
  })
})

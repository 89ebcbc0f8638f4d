import { afterEach, describe, expect, test } from 'vitest'
import { newTestAgent, type TestAgent } from '../../lab/agent-in-namespace.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { foreignLines } from '../../netns/observe.ts'
import { kernelPicture, Mirror } from './kernel-picture.ts'
import { type KillNode, newKillNode, type Variant } from './kill-node.ts'
import { confirmTimeoutMs, killProgram } from './kill-programs.ts'
import { expectSame, newestCheckpoint, phaseOf } from './kill-trial.ts'
import { watchManagement } from './management-watch.ts'

const reason = await whyNoNamespaces(['ip', 'iptables-nft', 'nft', 'ipset', 'unshare', 'ping'])

const open: { agents: TestAgent[]; nodes: KillNode[] } = { agents: [], nodes: [] }
afterEach(async () => {
  for (const agent of open.agents.splice(0)) {
    if (agent.pid() !== 0) process.kill(agent.pid(), 'SIGCONT')
    await agent.close()
  }
  for (const node of open.nodes.splice(0)) await node.down()
})

async function runningAgent(variant: Variant): Promise<{ node: KillNode; agent: TestAgent }> {
  const node = await newKillNode(variant)
  open.nodes.push(node)
  const agent = newTestAgent(node.client.nameOf('n'), { root: node.root, wrap: node.wrap })
  open.agents.push(agent)
  await agent.adopt()
  return { node, agent }
}

const isKernelReady = (reasonWanted: string) => (status: { conditions: readonly { type: string; reason: string }[] }) =>
  status.conditions.some(({ type, reason: why }) => type === 'KernelReady' && why === reasonWanted)

describe.skipIf(reason !== undefined)(`an agent that stands still${reason === undefined ? '' : ` (${reason})`}`, () => {
  test.for([
    { plane: 'iptables', backend: 'nft', at: 'armed' },
    { plane: 'iptables', backend: 'nft', at: 'applying' },
    { plane: 'nft', backend: 'nft', at: 'probing' },
  ] as const)(
    'from $at on ($plane): its watchdog takes the change back in time, and what it does when it goes on is taken back as well',
    { timeout: 120_000 },
    async ({ at, ...variant }) => {
      const { node, agent } = await runningAgent(variant)
      const mirror = new Mirror(node)
      const old = await killProgram('deny', 1, variant)
      agent.write(old)
      agent.start()
      await agent.statusUntil(isKernelReady('Applied'), 30_000)
      const oldPicture = await mirror.pictureOf(old)
      const foreign = await foreignLines(node.lab(), 'n')
      const watch = watchManagement(node.client)

      const before = newestCheckpoint(agent)
      agent.write(await killProgram('cut-by-rule', 2, variant))
      await expect
        .poll(() => ['none', 'prepared'].includes(phaseOf(agent, before)), { timeout: 8_000, interval: 1 })
        .toBe(false)
      if (at !== 'armed') {
        await expect.poll(() => phaseOf(agent, before), { timeout: 8_000, interval: 1 }).toBe(at)
      }
      process.kill(agent.pid(), 'SIGSTOP')
      const stoppedAt = performance.now()
      await expect
        .poll(() => phaseOf(agent, before), { timeout: confirmTimeoutMs + 1_500, interval: 20 })
        .toBe('rolled-back')
      await watch.nextAnswer(1_500)
      expect(watch.answeredAfterMs(stoppedAt) ?? Number.POSITIVE_INFINITY).toBeLessThan(confirmTimeoutMs + 1_500)
      expectSame('the kernel while the agent stands still', await kernelPicture(node.lab(), 'n', variant), oldPicture)

      process.kill(agent.pid(), 'SIGCONT')
      const settled = await agent.statusUntil(
        ({ conditions }) => conditions.some(({ message }) => message.includes('is not tried again')),
        45_000,
      )
      expect(isKernelReady('RolledBack')(settled)).toBe(true)
      // Two failures are final: the one that it slept through, and one that its probes saw.
      expect(Number(newestCheckpoint(agent)) - Number(before)).toBe(2)
      expectSame('the kernel afterwards', await kernelPicture(node.lab(), 'n', variant), oldPicture)
      expectSame('rules of others', await foreignLines(node.lab(), 'n'), foreign)
      await watch.nextAnswer(1_500)
      await watch.stop()
    },
  )

  test('another agent for the same node ends with a message, and changes nothing', async () => {
    const variant = { plane: 'iptables', backend: 'nft' } as const
    const { node, agent } = await runningAgent(variant)
    agent.write(await killProgram('deny', 1, variant))
    agent.start()
    await agent.statusUntil(isKernelReady('Applied'), 30_000)
    const picture = await kernelPicture(node.lab(), 'n', variant)
    const other = await agent.verb('agent', '--node', 'n1', '--kernel', 'on', '--listen', 'off')
    expect(other.code).not.toBe(0)
    expect(other.out).toMatch(new RegExp(`\\b${agent.pid()}\\b`))
    expectSame('the kernel', await kernelPicture(node.lab(), 'n', variant), picture)
    expect(agent.status()?.verdict).toBe('settled')
  })
})

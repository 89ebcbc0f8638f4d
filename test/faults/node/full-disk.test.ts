import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { newTestAgent, type TestAgent } from '../../lab/agent-in-namespace.ts'
import { runOrThrow } from '../../netns/lab.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { foreignLines } from '../../netns/observe.ts'
import { kernelPicture, Mirror } from './kernel-picture.ts'
import { type KillNode, newKillNode } from './kill-node.ts'
import { killProgram } from './kill-programs.ts'
import { digestOf, expectSame, newestCheckpoint, phaseOf } from './kill-trial.ts'
import { watchManagement } from './management-watch.ts'

const reason = await whyNoNamespaces(['ip', 'iptables-nft', 'nft', 'ipset', 'unshare', 'ping', 'mount'])
const variant = { plane: 'iptables', backend: 'nft' } as const

const open: { agents: TestAgent[]; nodes: KillNode[]; mounts: string[] } = { agents: [], nodes: [], mounts: [] }
afterEach(async () => {
  for (const agent of open.agents.splice(0)) {
    if (agent.pid() !== 0) process.kill(agent.pid(), 'SIGCONT')
    await agent.close()
  }
  for (const mount of open.mounts.splice(0)) await runOrThrow(['umount', '--lazy', mount], '')
  for (const node of open.nodes.splice(0)) await node.down()
})

/** An agent whose state folder is a disk of two megabytes, with a program in force. */
async function agentOnSmallDisk(): Promise<{ node: KillNode; agent: TestAgent; mirror: Mirror; old: string }> {
  const node = await newKillNode(variant)
  open.nodes.push(node)
  const directory = `${node.root}/var/lib/fairlead`
  mkdirSync(directory, { recursive: true })
  await runOrThrow(['mount', '-t', 'tmpfs', '-o', 'size=2m,mode=700', 'fairlead-lab', directory], '')
  open.mounts.push(directory)
  const agent = newTestAgent(node.client.nameOf('n'), { root: node.root, wrap: node.wrap, interval: '2s' })
  open.agents.push(agent)
  await agent.adopt()
  const mirror = new Mirror(node)
  const program = await killProgram('deny', 1, variant)
  agent.write(program)
  agent.start()
  await agent.statusUntil(
    ({ network, conditions }) =>
      network?.program === digestOf(program) &&
      conditions.some(({ type, status }) => type === 'KernelReady' && status === 'True'),
    30_000,
  )
  return { node, agent, mirror, old: await mirror.pictureOf(program) }
}

function fill({ stateDirectory }: TestAgent): void {
  const { bavail, bsize } = statfsSync(stateDirectory)
  try {
    writeFileSync(`${stateDirectory}/filler`, Buffer.alloc((bavail + 1) * bsize))
  } catch {
    // Whatever still fitted is written by now.
  }
  expect(statfsSync(stateDirectory).bavail).toBe(0)
}

describe.skipIf(reason !== undefined)(
  `a state folder on a full disk${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    test('no risky change is begun, rules in force are still held, and it goes on once there is room', async () => {
      const { node, agent, mirror, old } = await agentOnSmallDisk()
      const foreign = await foreignLines(node.lab(), 'n')
      const next = await killProgram('deny-and-routes', 2, variant)
      process.kill(agent.pid(), 'SIGSTOP')
      agent.write(next)
      fill(agent)
      process.kill(agent.pid(), 'SIGCONT')
      await expect.poll(() => agent.log(), { timeout: 15_000 }).toMatch(/"DISK_FULL","where":"[^"]*network[^"]*"/)
      expectSame('the kernel on a full disk', await kernelPicture(node.lab(), 'n', variant), old)

      await node.lab().x('n', ['iptables-nft', '-t', 'mangle', '-F', 'FAIRLEAD-INPUT'])
      await expect
        .poll(async () => (await kernelPicture(node.lab(), 'n', variant)) === old, { timeout: 10_000, interval: 100 })
        .toBe(true)

      rmSync(`${agent.stateDirectory}/filler`)
      await agent.statusUntil(({ network }) => network?.program === digestOf(next), 45_000)
      expectSame(
        'the kernel with room again',
        await kernelPicture(node.lab(), 'n', variant),
        await mirror.pictureOf(next),
      )
      expectSame('rules of others', await foreignLines(node.lab(), 'n'), foreign)
    }, 120_000)

    test('a change that is under way when the disk fills up is taken back in time when it cuts the node off', async () => {
      const { node, agent, old } = await agentOnSmallDisk()
      const foreign = await foreignLines(node.lab(), 'n')
      const watch = watchManagement(node.client)
      const before = newestCheckpoint(agent)
      agent.write(await killProgram('cut-by-rule', 3, variant))
      await expect.poll(() => phaseOf(agent, before), { timeout: 8_000, interval: 1 }).toBe('applying')
      fill(agent)
      const filledAt = performance.now()
      await watch.nextAnswer(11_500)
      await expect
        .poll(async () => (await kernelPicture(node.lab(), 'n', variant)) === old, { timeout: 20_000, interval: 100 })
        .toBe(true)
      expect(watch.longestSilenceMs(filledAt)).toBeLessThan(11_500)
      rmSync(`${agent.stateDirectory}/filler`)
      await agent.statusUntil(
        ({ conditions }) => conditions.some(({ message }) => message.includes('is not tried again')),
        45_000,
      )
      expectSame('the kernel with room again', await kernelPicture(node.lab(), 'n', variant), old)
      expectSame('rules of others', await foreignLines(node.lab(), 'n'), foreign)
      await watch.stop()
    }, 120_000)
  },
)

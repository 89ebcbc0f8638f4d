import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { newTestAgent, type TestAgent } from '../../lab/agent-in-namespace.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { type KillNode, newKillNode } from './kill-node.ts'
import { killProgram } from './kill-programs.ts'
import { digestOf, newestCheckpoint, phaseOf } from './kill-trial.ts'

const reason = await whyNoNamespaces(['ip', 'iptables-nft', 'nft', 'ipset', 'unshare', 'ping', 'sysctl'])
const variant = { plane: 'iptables', backend: 'nft' } as const

let node: KillNode | undefined
let agent: TestAgent | undefined
afterEach(async () => {
  await agent?.close()
  await node?.down()
  node = agent = undefined
})

describe.skipIf(reason !== undefined)(
  `a change that is taken back${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    test('what a setting was before Fairlead is still known, and comes back once nobody wants the setting', async () => {
      const ours = await newKillNode(variant)
      node = ours
      const running = newTestAgent(ours.client.nameOf('n'), { root: ours.root, wrap: ours.wrap })
      agent = running
      const setting = async (): Promise<string> =>
        (await ours.lab().x('n', ['sysctl', '-n', 'net.ipv4.conf.eth0.rp_filter'])).trim()
      const [withSetting, without] = [
        await killProgram('deny-and-routes', 1, variant),
        await killProgram('deny', 2, variant),
      ]
      await running.adopt()
      expect(await setting()).toBe('0')
      running.write(withSetting)
      running.start()
      await running.statusUntil(({ network }) => network?.program === digestOf(withSetting), 30_000)
      expect(await setting()).toBe('1')

      const before = newestCheckpoint(running)
      running.write(without)
      await expect.poll(() => phaseOf(running, before), { timeout: 10_000, interval: 5 }).toBe('probing')
      expect(await setting()).toBe('0')
      // Long enough for a look at the change that is tried.
      await sleep(700)
      await running.stop('SIGKILL')
      await expect.poll(setting, { timeout: 5_000 }).toBe('1')

      running.start()
      const isApplied = ({ type, reason: why }: { readonly type: string; readonly reason: string }): boolean =>
        type === 'KernelReady' && why === 'Applied'
      await running.statusUntil(
        ({ network, conditions }) => network?.program === digestOf(without) && conditions.some(isApplied),
        30_000,
      )
      expect(await setting()).toBe('0')
    }, 120_000)
  },
)

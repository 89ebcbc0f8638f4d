import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/adapters/clock/system-clock.ts'
import { openNetworkState } from '../../../src/adapters/disk/network-state.ts'
import { openHostRoutes } from '../../../src/adapters/iproute/iproute-routes.ts'
import { openIptables } from '../../../src/adapters/iptables/open-iptables.ts'
import { createPrometheusMetrics } from '../../../src/adapters/metrics/prometheus-metrics.ts'
import { Failure } from '../../../src/domain/failure.ts'
import { convergeNetwork, networkOf } from '../../../src/reconcile/network/converge-network.ts'
import { newNetworkMemory } from '../../../src/reconcile/network/network-memory.ts'
import type { NetworkPorts } from '../../../src/reconcile/network/network-ports.ts'
import { newTestAgent, nodeProgram, type TestAgent } from '../../lab/agent-in-namespace.ts'
import { recordingLog } from '../../lab/recording-log.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { kernelPicture, Mirror } from './kernel-picture.ts'
import { type KillNode, newKillNode } from './kill-node.ts'
import { killProgram } from './kill-programs.ts'
import { digestOf, expectSame, newestCheckpoint, phaseOf } from './kill-trial.ts'

const reason = await whyNoNamespaces(['ip', 'iptables-nft', 'nft', 'ipset', 'unshare', 'ping', 'sysctl'])
const variant = { plane: 'iptables', backend: 'nft' } as const

let node: KillNode | undefined
let agent: TestAgent | undefined
afterEach(async () => {
  await agent?.close()
  await node?.down()
  node = agent = undefined
})

describe.skipIf(reason !== undefined)(`a start of the machine${reason === undefined ? '' : ` (${reason})`}`, () => {
  test('with a new risky program waiting: the last good one is loaded first, and is what the way back leads to', async () => {
    const ours = await newKillNode(variant)
    node = ours
    const running = newTestAgent(ours.client.nameOf('n'), { root: ours.root, wrap: ours.wrap })
    agent = running
    const [good, waiting] = [await killProgram('deny-and-routes', 1, variant), await killProgram('deny', 2, variant)]
    const picture = await new Mirror(ours).pictureOf(good)
    await running.adopt()
    running.write(good)
    running.start()
    await running.statusUntil(({ network, conditions }) => {
      const isApplied = conditions.some(({ type, reason: why }) => type === 'KernelReady' && why === 'Applied')
      return isApplied && network?.program === digestOf(good)
    }, 30_000)
    await running.stop('SIGKILL')
    await ours.powerOff()
    await ours.powerOn()
    await ours.runBootScript()
    await ours.startK3s()

    const before = newestCheckpoint(running)
    running.write(waiting)
    running.start()
    await expect.poll(() => phaseOf(running, before), { timeout: 20_000, interval: 2 }).toBe('probing')
    await running.stop('SIGKILL')
    await expect.poll(() => phaseOf(running, before), { timeout: 5_000 }).toBe('rolled-back')
    expectSame('the kernel', await kernelPicture(ours.lab(), 'n', variant), picture)
  }, 120_000)

  test('and its first look already knows of the new program: the last good one is loaded first all the same', async () => {
    const ours = await newKillNode(variant)
    node = ours
    const [good, waiting] = [await killProgram('deny', 1, variant), await killProgram('deny', 2, variant)]
    const commands = ours.lab().commands('n')
    const log = recordingLog()
    const filter = openIptables({ commands, backend: variant.backend, lockFile: ours.client.lockFile('n') })
    const network = openNetworkState({ stateDirectory: `${ours.root}/var/lib/fairlead`, log })
    await network.writeConfirmed(networkOf({ program: nodeProgram(good), revision: revision('good') }))
    let atArming: string | undefined
    const ports: NetworkPorts = {
      filter: () => filter,
      routes: () => openHostRoutes(commands),
      sysctls: { read: async () => undefined, write: async () => {}, persist: async () => {} },
      checkpoints: {
        current: async () => undefined,
        recent: async () => [],
        recover: async () => undefined,
        arm: async () => {
          atArming = await ours.lab().x('n', ['iptables-nft-save', '-t', 'mangle'])
          throw new Failure('seen enough', { code: 'CHECKPOINT_BUSY', where: 'the test', fix: 'none', retry: 'never' })
        },
        advance: async () => {},
        times: async () => undefined,
        confirm: async () => false,
        rollBack: async () => false,
      },
      network,
      probes: { run: async () => [], sessions: async () => [] },
      clock: systemClock(),
      log,
      metrics: createPrometheusMetrics('0'),
    }
    const candidate = { program: nodeProgram(waiting), revision: revision('waiting') }
    const memory = newNetworkMemory()
    for (let pass = 0; pass < 5 && atArming === undefined; pass += 1) {
      await convergeNetwork(candidate, ports, memory, new AbortController().signal).catch((error: unknown) => {
        if (!(error instanceof Failure)) throw error
      })
    }
    // The port that the last good program denies.
    expect(atArming).toContain('--dport 10001 ')
  })
})

const revision = (name: string) => ({ name, commit: '', author: '', subject: '', committedAt: '' })

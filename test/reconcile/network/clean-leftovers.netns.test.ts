import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/adapters/clock/system-clock.ts'
import { openMachineCleanups } from '../../../src/agent/this-cleanups.ts'
import type { NetworkProgram } from '../../../src/domain/network-program.ts'
import { cleanLeftovers } from '../../../src/reconcile/network/clean-leftovers.ts'
import { newCleanupMemory } from '../../../src/reconcile/network/cleanup-memory.ts'
import { isPolicyLine, neverAborted, newOldNode, type OldNode } from '../../adapters/leftovers/old-node.ts'
import { networkOfDocuments } from '../../lab/network-of-documents.ts'
import { recordingLog } from '../../lab/recording-log.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { recording } from '../../plan/cleanups/sample-leftovers.ts'

const why = await whyNoNamespaces(['ip', 'iptables-nft-save', 'ipset'])
const disabled = '  components: { networkPolicy: { enabled: false } }\n'
/** Real seconds, as the kernel is real. */
const fast = { silenceMs: 400, watchMs: 100, idleMs: 200, evidenceMs: 200 }

describe.skipIf(why !== undefined)(`cleaning up in the loop${why === undefined ? '' : ` (${why})`}`, () => {
  let node: OldNode
  beforeEach(async () => {
    node = await newOldNode(undefined)
    await node.run(['ipset', 'restore'], recording('ipset-save-policy-disabled.txt'))
    await node.run(['iptables-nft-restore'], recording('iptables-save-policy-disabled.txt'))
  })
  afterEach(async () => await node.down())

  function loopOf(program: NetworkProgram | undefined, k3sArguments: readonly string[] | undefined) {
    const memory = newCleanupMemory(fast)
    const log = recordingLog()
    const machine = { root: node.root, stateDirectory: join(node.root, 'state'), clock: systemClock(), log }
    const opened = openMachineCleanups(machine, {
      kubeconfigs: [],
      commands: node.commands,
      proc: join(node.root, 'proc'),
    })
    const ports = {
      ...opened,
      evidence: async () => ({ k3sArguments, evidence: {}, clusterCIDRs: [], apiService: undefined }),
    }
    const passes = async (isEnough: (outcome: Awaited<ReturnType<typeof cleanLeftovers>>) => boolean) => {
      const deadline = Date.now() + 10_000
      for (;;) {
        const outcome = await cleanLeftovers(program, memory, ports, neverAborted)
        if (isEnough(outcome)) return outcome
        if (Date.now() > deadline) throw new Error(`it did not come: ${JSON.stringify(outcome)}`)
        await new Promise((settle) => setTimeout(settle, 20))
      }
    }
    return { ports, passes }
  }
  const off = ['server', '--disable-network-policy=true']
  const left = async () => (await node.saved('nft', 'v4')).filter(isPolicyLine)
  const others = async () => await node.saved('nft', 'v4', isPolicyLine)

  test('rules of the policy controller go once nothing of them has changed, and come back by the record', async () => {
    const before = { left: await left(), others: await others() }
    expect(before.left.length).toBeGreaterThan(0)
    const program = await networkOfDocuments('', `${disabled}  cleanups: { networkPolicy: Auto }\n`)
    const { ports, passes } = loopOf(program, off)
    const beganMs = Date.now()
    const done = await passes(({ applied }) => applied.length > 0)
    expect(Date.now() - beganMs).toBeGreaterThanOrEqual(fast.silenceMs)
    expect(done.applied.map(({ kind, effect }) => [kind, effect])).toEqual([
      ['cleanup', 'remove'],
      ['cleanup', 'remove'],
    ])
    expect(await left()).toEqual([])
    expect(await others()).toEqual(before.others)
    const [name = ''] = ports.records.names()
    const record = await ports.records.read(name)
    expect(record?.cleanups).toEqual(['network-policy'])
    expect(await ports.takeBack(record?.steps ?? [], neverAborted)).toEqual([])
    expect((await left()).map(withoutCounters)).toEqual(before.left.map(withoutCounters))
  })

  test('with Confirm they are told, with the command that asks', async () => {
    const before = await left()
    const { passes, ports } = loopOf(await networkOfDocuments('', disabled), off)
    const told = await passes(({ reported }) => reported.some(({ reason }) => reason.startsWith('needs a yes')))
    expect(told.reported.map(({ reason }) => reason)).toContain(
      'needs a yes: traffic that it blocks may flow once it is gone; fairlead cleanup --only network-policy asks for it',
    )
    expect(await left()).toEqual(before)
    expect(ports.records.names()).toEqual([])
  })

  test('on an agent, which does not know the switches of its server, they are told and stay', async () => {
    const program = await networkOfDocuments('', `${disabled}  cleanups: { networkPolicy: Auto }\n`)
    const { passes, ports } = loopOf(program, ['agent'])
    const told = await passes(({ reported }) => reported.length > 0)
    expect(told.reported[0]?.reason).toMatch(/^unknown: this is an agent/)
    await new Promise((settle) => setTimeout(settle, 2 * fast.silenceMs))
    await passes(() => true)
    expect(ports.records.names()).toEqual([])
    expect((await left()).length).toBeGreaterThan(0)
  })

  test('a policy that somebody still writes keeps them', async () => {
    const program = await networkOfDocuments('', `${disabled}  cleanups: { networkPolicy: Auto }\n`)
    const { passes, ports } = loopOf(program, off)
    for (let round = 0; round < 12; round += 1) {
      await node.run(['iptables-nft', '-A', 'KUBE-ROUTER-INPUT', '-s', `10.9.9.${round}`, '-j', 'RETURN'])
      await passes(() => true)
      await new Promise((settle) => setTimeout(settle, fast.watchMs))
    }
    expect(ports.records.names()).toEqual([])
    await passes(({ applied }) => applied.length > 0)
    expect(await left()).toEqual([])
  })
})

function withoutCounters(line: string): string {
  return line.replace(/\[\d+:\d+\] ?/, '')
}

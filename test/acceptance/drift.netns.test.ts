import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { filterFaults } from '../netns/filter-faults.ts'
import { foreignRules } from '../netns/foreign-lines.ts'
import { installK3s } from '../netns/k3s-install.ts'
import type { Lab } from '../netns/lab.ts'
import { backends, rules } from '../netns/observe.ts'
import { jumpInserter, kubeRouterLike } from '../netns/racing-writers.ts'
import { agentOnNode, isInForce, kernelReason, logged, skipped, whyNotHere } from './agent-on-node.ts'
import { median, timeUntil } from './time-until.ts'

const webOpen = (backend: string): string => `  firewall:
    backend: ${backend}
    input:
      - { name: web, protocol: tcp, ports: [8080], action: Accept }
`
/** Denied before Services are translated, let in behind the network policies, and passed on beside flannel. */
const everyTable = `  firewall:
    services: [{ name: no-admin, protocol: tcp, ports: [30443], action: Drop }]
    input: [{ name: web, protocol: tcp, ports: [8080], action: Accept }]
    forward: [{ name: dns, protocol: udp, ports: [53], action: Accept }]
  masqueradeExemptions: [{ name: office, from: [10.42.0.0/16], to: [192.168.13.0/24] }]
`

describe.skipIf(whyNotHere !== undefined)(`drift of the packet filter${skipped}`, () => {
  test('case 13: a jump that somebody deletes is back within 300 ms, and the log names the process', async () => {
    const { lab, agent, enforce } = await agentOnNode({ only: ['gw', 'n1'] })
    await installK3s(lab, 'n1')
    await enforce(webOpen('nft'))
    const faults = filterFaults(lab, 'n1')
    const took: number[] = []
    for (let turn = 0; turn < 5; turn += 1) {
      // Whoever does it again at once is waited for: that is another case.
      await sleep(500)
      expect(await faults.deleteJump('INPUT', 'FAIRLEAD-INPUT')).toBe(1)
      took.push(await timeUntil(async () => (await ownJumps(lab, 'nft')) === 1, 5_000))
    }
    expect(median(took)).toBeLessThan(300)
    await expect.poll(() => logged(agent, 'drift repaired')).toHaveLength(5)
    const repairs = logged(agent, 'drift repaired')
    for (const { what, writer } of repairs) {
      expect(what).toBe('IPv4 filter INPUT (iptables, missing-jump)')
      expect(writer).toBe('iptables-nft-re')
    }
  })

  test('case 14: a chain of the legacy backend that somebody flushes is back within the poll and 300 ms', async () => {
    const { lab, enforce } = await agentOnNode({ only: ['gw', 'n1'] })
    await installK3s(lab, 'n1', { backend: 'legacy' })
    await enforce(webOpen('legacy'))
    const before = (await rules(lab, 'n1', 'legacy')).v4
    const took: number[] = []
    for (let turn = 0; turn < 3; turn += 1) {
      await sleep(500)
      await filterFaults(lab, 'n1').flushChain('FAIRLEAD-INPUT', { backend: 'legacy' })
      took.push(
        await timeUntil(
          async () => withoutCounts((await rules(lab, 'n1', 'legacy')).v4) === withoutCounts(before),
          10_000,
        ),
      )
    }
    expect(median(took)).toBeLessThan(2_000 + 300)
  })

  test.each(backends)('case 16: of two own jumps one is left, where it belongs (%s)', async (backend) => {
    const { lab, enforce } = await agentOnNode({ only: ['gw', 'n1'] })
    await installK3s(lab, 'n1', { backend, networkPolicy: true })
    await enforce(webOpen(backend))
    const before = await jumps(lab, backend)
    expect(before.indexOf('FAIRLEAD-INPUT')).toBeGreaterThan(before.indexOf('KUBE-ROUTER-INPUT'))
    await filterFaults(lab, 'n1').duplicateJump('INPUT', 'FAIRLEAD-INPUT', { backend })
    await timeUntil(async () => (await ownJumps(lab, backend)) === 1, 10_000)
    expect(await jumps(lab, backend)).toEqual(before)
  })

  test.each(backends)(
    'case 18: a policy controller that insists on the first place, and another tool that does so, are not fought (%s)',
    async (backend) => {
      const { lab, agent, enforce } = await agentOnNode({ only: ['gw', 'n1'] })
      await installK3s(lab, 'n1', { backend, networkPolicy: true })
      await enforce(everyTable.replace('firewall:\n', `firewall:\n    backend: ${backend}\n`))
      const writers = [
        await kubeRouterLike(lab, 'n1', { backend, insistsOnFirst: true }),
        await jumpInserter(lab, 'n1', { backend, hook: 'INPUT' }),
      ]
      onTestFinished(async () => void (await Promise.all(writers.map((writer) => writer.stop()))))
      await Promise.all(writers.map((writer) => writer.moreRounds(8)))
      await Promise.all(writers.map((writer) => writer.stop()))
      expect(logged(agent, 'drift repaired')).toEqual([])
      await agent.statusUntil(isInForce)
      expect(await ownJumps(lab, backend)).toBe(1)
    },
  )

  test('case 18: who deletes a jump again and again is told once and then left alone for half a minute', async () => {
    const { lab, agent, enforce } = await agentOnNode({ only: ['gw', 'n1'] })
    await enforce(webOpen('nft'))
    const fight = lab.commands('n1').follow(['/bin/sh', '-c', deleting], { onLine: () => {}, onEnd: () => {} })
    onTestFinished(() => fight.stop())
    const { conditions } = await agent.statusUntil((status) => kernelReason(status) === 'Contested')
    const kernel = conditions.find(({ type }) => type === 'KernelReady')
    expect(kernel?.message).toMatch(/^packet filter \(iptables\) is undone by /)
    const written = logged(agent, 'drift repaired').length
    await sleep(3_000)
    expect(logged(agent, 'drift repaired').length - written).toBeLessThanOrEqual(1)
    await agent.statusUntil((status) => kernelReason(status) === 'Contested')
  })

  test('case 21: chains of Kubernetes in both backends are reported with counts, and nothing is written', async () => {
    const { lab, agent, write } = await agentOnNode({ only: ['gw', 'n1'] })
    await installK3s(lab, 'n1', { backend: 'nft' })
    await installK3s(lab, 'n1', { backend: 'legacy' })
    const before = [await rules(lab, 'n1', 'nft'), await rules(lab, 'n1', 'legacy')].map(withoutCounters)
    await write(everyTable)
    agent.start()
    const { conditions } = await agent.statusUntil(({ verdict }) => verdict === 'failed')
    expect(conditions.find(({ type }) => type === 'Ready')).toMatchObject({
      reason: 'FILTER_SPLIT',
      message: expect.stringMatching(/: \d+ in nft, \d+ in legacy/),
    })
    const after = [await rules(lab, 'n1', 'nft'), await rules(lab, 'n1', 'legacy')].map(withoutCounters)
    expect(after).toEqual(before)
  })

  test.each(backends)(
    'case 23: what an upgrade of K3s greps away and writes back leaves all of our rules in force (%s)',
    async (backend) => {
      const { lab, agent, enforce } = await agentOnNode({ only: ['gw', 'n1'] })
      await installK3s(lab, 'n1', { backend, networkPolicy: true })
      await enforce(everyTable.replace('firewall:\n', `firewall:\n    backend: ${backend}\n`))
      const before = ownLines((await rules(lab, 'n1', backend)).v4)
      expect(before.length).toBeGreaterThan(20)
      await filterFaults(lab, 'n1').vendorGrep('install', backend)
      expect((await rules(lab, 'n1', backend)).v4).not.toContain('KUBE-')
      const took = await timeUntil(
        async () => ownLines((await rules(lab, 'n1', backend)).v4).join('\n') === before.join('\n'),
        10_000,
      )
      expect(took).toBeLessThan(1_000)
      await agent.statusUntil(isInForce)
      expect(foreignRules((await rules(lab, 'n1', backend)).v4)).not.toContain('KUBE-')
    },
  )
})

const deleting =
  'while :; do iptables-nft -w 5 -D INPUT -m comment --comment "$(iptables-nft -S INPUT | grep -o "fairlead:[a-z2-7]*")" -j FAIRLEAD-INPUT 2>/dev/null; sleep 0.02; done'

async function jumps(lab: Lab, backend: string): Promise<readonly string[]> {
  const printed = await lab.x('n1', [`iptables-${backend}`, '-w', '5', '-S', 'INPUT'])
  return printed.split('\n').flatMap((line) => / -j (\S+)/.exec(line)?.[1] ?? [])
}

async function ownJumps(lab: Lab, backend: string): Promise<number> {
  return (await jumps(lab, backend)).filter((target) => target === 'FAIRLEAD-INPUT').length
}

/** Rules and jumps of ours in their order within each chain, with their chains. */
function ownLines(saved: string): readonly string[] {
  return saved.split('\n').filter((line) => /^-A .*fairlead:|^-A FAIRLEAD-/.test(line))
}

function withoutCounts(saved: string): string {
  return saved.replace(/^#.*$/gm, '').replace(/\[\d+:\d+\]/g, '')
}

function withoutCounters({ v4, v6 }: { readonly v4: string; readonly v6: string }): string {
  return withoutCounts(`${v4}${v6}`)
}

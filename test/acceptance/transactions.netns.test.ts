import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { NetworkProgram } from '../../src/domain/network-program.ts'
import type { FamilyFilter } from '../../src/domain/packet-filter.ts'
import { networkOfDocuments } from '../lab/network-of-documents.ts'
import { filterFaults } from '../netns/filter-faults.ts'
import type { Lab } from '../netns/lab.ts'
import { rules } from '../netns/observe.ts'
import { routeFaults } from '../netns/route-faults.ts'
import { echoClient, httpServer, tcp, tcpServer } from '../netns/traffic.ts'
import { agentOnNode, isInForce, kernelReason, skipped, whyNotHere } from './agent-on-node.ts'
import { timeUntil } from './time-until.ts'

const noSsh = '  firewall: { input: [{ name: no-ssh, protocol: tcp, ports: [22], action: Drop }] }\n'
/** Nobody of the cluster is in these networks. */
const denyRest = `  firewall: { input: [{ name: rest, from: [192.168.13.0/24, 'fd13::/64'], action: Drop }] }
`
const noWeb = `  firewall:
    services: [{ name: no-web, from: [192.168.13.0/24], protocol: tcp, ports: [8080], action: Drop }]
  routes: [{ to: 10.60.0.0/16, via: 192.168.11.12, dev: eth0 }]
`

describe.skipIf(whyNotHere !== undefined)(`transactions and safety${skipped}`, () => {
  test('case 53: a document that closes SSH is refused', async () => {
    await expect(networkOfDocuments(noSsh)).rejects.toThrow('"code": "FW_FAILSAFE"')
  })

  test('case 53: a program that would block SSH is refused before anything is written, and says by which rule', async () => {
    const { lab, agent } = await agentOnNode({ only: ['gw', 'n1', 'cl'] })
    await tcpServer(lab, 'n1', 22)
    const session = await echoClient(lab, 'cl', lab.addresses.n1[4], 22)
    const before = await rules(lab, 'n1')
    agent.write(withoutFailsafes(await networkOfDocuments(denyRest)))
    agent.start()
    const { conditions } = await agent.statusUntil((status) => kernelReason(status) === 'FailsafeDropped')
    expect(conditions.find(({ type }) => type === 'KernelReady')?.message).toMatch(
      /ssh \(tcp port 22\).* would be dropped by rest \(clusters\/home\/nodes\/n1\.yaml spec\.firewall\.input\[0\]\)/,
    )
    expect(ownRules(await rules(lab, 'n1'))).toEqual(ownRules(before))
    expect((await session.stop()).closed).toBeUndefined()
  })

  test('cases 53 and 60: with the failsafes SSH gets through what denies everything, neighbours forgotten or not', async () => {
    const { lab, enforce } = await agentOnNode({ only: ['gw', 'n1', 'cl'] })
    await Promise.all([tcpServer(lab, 'n1', 22), tcpServer(lab, 'n1', 8080)])
    await enforce(denyRest)
    await routeFaults(lab, 'n1').flushNeighbours('eth0')
    await routeFaults(lab, 'gw').flushNeighbours('brA')
    for (const family of [4, 6] as const) {
      expect((await tcp(lab, 'cl', lab.addresses.n1[family], 22)).outcome).toBe('connected')
      expect((await tcp(lab, 'cl', lab.addresses.n1[family], 8080)).outcome).toBe('timeout')
    }
  })

  test('case 53: a route to a host of a probe that leads nowhere is refused as well', async () => {
    const { lab, agent, write } = await agentOnNode({ only: ['gw', 'n1', 'cl'] })
    const before = await lab.x('n1', ['ip', 'route'])
    await write('  routes: [{ to: 192.168.13.0/24, type: Blackhole }]\n', probeOfClient(lab))
    agent.start()
    await agent.statusUntil((status) => kernelReason(status) === 'FailsafeDropped')
    expect(await lab.x('n1', ['ip', 'route'])).toBe(before)
  })

  test('case 53: what no guard can know cuts a session off until the probe fails, and no longer', async () => {
    const { lab, agent, write } = await agentOnNode({ only: ['gw', 'n1', 'cl'] })
    await Promise.all([httpServer(lab, 'cl', 8080), tcpServer(lab, 'n1', 22)])
    const session = await echoClient(lab, 'cl', lab.addresses.n1[4], 22)
    // A gateway of the right network, where nobody is.
    await write('  routes: [{ to: 192.168.13.0/24, via: 192.168.11.77, dev: eth0 }]\n', probeOfClient(lab))
    agent.start()
    await agent.statusUntil((status) => status.network?.checkpoint?.phase === 'probing')
    // It is tried once more: a probe may have failed for another reason.
    const refused = await agent.statusUntil(
      ({ verdict, network }) => verdict === 'blocked' && network !== undefined,
      50_000,
    )
    expect(refused.network?.checkpoint).toMatchObject({
      phase: 'rolled-back',
      reason: expect.stringContaining('client'),
    })
    await timeUntil(async () => (await session.report()).sinceLastEchoMs < 200, 20_000)
    const report = await session.stop()
    expect(report.closed).toBeUndefined()
    expect(report.longestSilenceMs).toBeGreaterThan(500)
    expect(report.longestSilenceMs).toBeLessThan(30_000)
    expect(await lab.x('n1', ['ip', 'route', 'show', 'proto', '201'])).toBe('')
  })

  test('case 62: with Git, API and program file gone, what was confirmed is enforced after a restart as well', async () => {
    const { lab, agent, enforce } = await agentOnNode({ only: ['gw', 'n1', 'cl'] })
    await httpServer(lab, 'n1', 8080)
    await enforce(noWeb)
    const before = await rules(lab, 'n1')
    expect((await tcp(lab, 'cl', lab.addresses.n1[4], 8080)).outcome).toBe('timeout')
    await agent.stop('SIGKILL')
    rmSync(join(agent.stateDirectory, 'program.json'))
    await filterFaults(lab, 'n1').flushTable({ table: 'mangle' })
    await lab.x('n1', ['ip', 'route', 'del', '10.60.0.0/16'])
    expect((await tcp(lab, 'cl', lab.addresses.n1[4], 8080)).outcome).toBe('connected')
    agent.start()
    const isBack = async (): Promise<boolean> =>
      ownRules(await rules(lab, 'n1')).join() === ownRules(before).join() &&
      (await lab.x('n1', ['ip', 'route', 'show', 'proto', '201'])).includes('10.60.0.0/16')
    await timeUntil(isBack, 10_000)
    expect((await tcp(lab, 'cl', lab.addresses.n1[4], 8080)).outcome).toBe('timeout')
    // And it goes on to be: there is nothing to be asked.
    await sleep(500)
    await filterFaults(lab, 'n1').flushTable({ table: 'mangle' })
    await timeUntil(isBack, 5_000)
    await agent.statusUntil(isInForce)
  })
})

const probeOfClient = (lab: Lab): string => `  rollout: { confirmTimeout: 30s }
  probes: [{ name: client, tcp: { host: ${lab.addresses.cl[4]}, port: 8080 } }]
`

/** As if whoever compiled it had forgotten what keeps the node reachable. */
function withoutFailsafes(program: NetworkProgram | undefined): NetworkProgram {
  if (program?.filter === undefined) throw new Error('no filter was compiled')
  const { filter } = program
  const family = ({ sets, chains }: FamilyFilter): FamilyFilter => ({
    sets,
    chains: chains.map((chain) => ({
      ...chain,
      rules: chain.rules.filter(({ origin }) => origin.kind !== 'failsafe'),
    })),
  })
  return { ...program, filter: { v4: family(filter.v4), v6: family(filter.v6) } }
}

function ownRules({ v4, v6 }: { readonly v4: string; readonly v6: string }): readonly string[] {
  return `${v4}${v6}`.split('\n').filter((line) => /^-A .*fairlead:/.test(line))
}

import { describe, expect, test } from 'vitest'
import type { HostRoutes } from '../../../src/domain/host-routes.ts'
import type { NetworkProgram } from '../../../src/domain/network-program.ts'
import type { Verdict } from '../../../src/domain/verdict.ts'
import type { CleanupPorts } from '../../../src/reconcile/network/cleanup-ports.ts'
import { newNetworkMemory } from '../../../src/reconcile/network/network-memory.ts'
import type { NetworkOutcome } from '../../../src/reconcile/network/network-outcome.ts'
import type { NetworkPass } from '../../../src/reconcile/network/network-pass.ts'
import { networkStatus } from '../../../src/reconcile/network/network-status.ts'
import { tendNode } from '../../../src/reconcile/network/tend-node.ts'
import { recordingLog } from '../../lab/recording-log.ts'
import { artefactOf, leftoversOf } from '../../plan/cleanups/sample-leftovers.ts'

const program: NetworkProgram = {
  plane: 'iptables',
  routes: [],
  routingRules: [],
  sysctls: [],
  podRoutes: {
    backend: 'host-gw',
    directRouting: false,
    clusterCIDRs: ['10.42.0.0/16'],
    peers: [{ node: 'pi-2', podCIDRs: ['10.42.2.0/24'], addresses: ['192.168.1.2'] }],
    isComplete: true,
  },
  cleanups: [artefactOf('vxlan-devices')],
  probes: [],
  failsafe: { flows: [] },
  confirmTimeoutMs: 60_000,
}
const revision = { name: 'main@1', commit: '1', author: 'ada', subject: 'x' }
const settled: Verdict = { kind: 'settled', reason: 'Applied', message: 'as it should be' }
const addresses = [{ address: '192.168.1.5/24', noPrefixRoute: false }]
const eth0 = { name: 'eth0', index: 2, isUp: true, hasCarrier: true, mtuBytes: 1500, addresses }
const held: HostRoutes = { routes: [], rules: [], links: [eth0] }

/** A pass over a node that lacks a route to pods and has a leftover device. */
function node() {
  const memory = newNetworkMemory()
  const asked: string[] = []
  const cleanups: Partial<CleanupPorts> = {
    leftovers: () => ({
      observe: async () => {
        asked.push('leftovers')
        return leftoversOf({ links: [{ name: 'flannel.1', kind: 'vxlan' }] })
      },
      inverse: async () => [],
      remove: async () => undefined,
    }),
    evidence: async () => ({ k3sArguments: undefined, evidence: {}, clusterCIDRs: [], apiService: undefined }),
    records: {
      names: () => [],
      write: async () => '',
      read: async () => undefined,
      markTakenBack: async () => undefined,
      isTakenBack: async () => false,
    },
    clock: { nowMs: () => 0, monotonicMs: () => 0 },
    log: recordingLog(),
  }
  const ports: unknown = {
    routes: async () => ({
      read: async () => {
        asked.push('routes')
        return held
      },
    }),
    clock: { nowMs: () => 0, monotonicMs: () => 0 },
    log: recordingLog(),
    metrics: { changeApplied: () => undefined },
    cleanups,
  }
  const pass: NetworkPass = {
    ports: ports as NetworkPass['ports'],
    memory,
    signal: new AbortController().signal,
    checkpoint: undefined,
  }
  const outcomeOf = (verdict: Verdict): NetworkOutcome => ({
    verdict,
    plan: { changes: [], reported: [], refusals: [] },
    applied: [],
    enforced: { program, digest: 'd', revision },
    checkpoint: undefined,
    contested: [],
  })
  return {
    memory,
    asked,
    tend: async (verdict: Verdict) => await tendNode(outcomeOf(verdict), pass, { isCached: false }),
  }
}

describe('what a node is owed beside its documents', () => {
  test('is told at the end of a settled pass, which stays settled and comes back in time', async () => {
    const { tend, asked } = node()
    const outcome = await tend(settled)
    expect(asked).toEqual(['routes', 'leftovers'])
    expect(outcome.verdict).toEqual({ ...settled, revisitAfterMs: 15_000 })
    expect(networkStatus(outcome).items.map(({ kind, state }) => [kind, state])).toEqual([
      ['pod-route', 'Drifted'],
      ['cleanup', 'Kept'],
    ])
  })

  test('is told again by passes that do not look', async () => {
    const { tend, asked } = node()
    const first = await tend(settled)
    const second = await tend(settled)
    expect(second.plan.reported).toEqual(first.plan.reported)
    expect(asked).toEqual(['routes', 'leftovers'])
  })

  test('waits while a change is on trial', async () => {
    const { tend, asked, memory } = node()
    memory.trial = {
      id: '1',
      wanted: { digest: 'd', revision },
      applied: { ok: true },
      rounds: [],
      nextRoundAtMs: 0,
    }
    await tend(settled)
    expect(asked).toEqual([])
  })

  test.each<{ name: string; verdict: Verdict; expected: readonly string[] }>([
    {
      name: 'a pass that failed',
      verdict: { kind: 'failed', reason: 'X', message: 'x', failures: [] },
      expected: [],
    },
    {
      name: 'a pass that waits for an interface',
      verdict: { kind: 'pending', reason: 'WaitingForInterface', message: 'x' },
      expected: ['routes'],
    },
    { name: 'a refused revision', verdict: { kind: 'blocked', reason: 'X', message: 'x' }, expected: ['routes'] },
  ])('removes nothing after $name', async ({ verdict, expected }) => {
    const { tend, asked } = node()
    await tend(verdict)
    expect(asked).toEqual(expected)
  })
})

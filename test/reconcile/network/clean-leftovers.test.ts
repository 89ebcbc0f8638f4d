import { describe, expect, test } from 'vitest'
import type { CleanupKind } from '../../../src/domain/cleanup.ts'
import type { CleanupRecord } from '../../../src/domain/cleanup-record.ts'
import { Failure } from '../../../src/domain/failure.ts'
import type { CleanupPlan, Leftovers } from '../../../src/domain/leftovers.ts'
import type { NetworkProgram } from '../../../src/domain/network-program.ts'
import { cleanLeftovers } from '../../../src/reconcile/network/clean-leftovers.ts'
import { newCleanupMemory } from '../../../src/reconcile/network/cleanup-memory.ts'
import type { CleanupPorts } from '../../../src/reconcile/network/cleanup-ports.ts'
import { recordingLog } from '../../lab/recording-log.ts'
import { artefactOf, leftoversOf, recording, tablesOf } from '../../plan/cleanups/sample-leftovers.ts'

const policy = leftoversOf({ tables: tablesOf(recording('iptables-save-policy-disabled.txt')) })
const off = ['server', '--disable-network-policy=true', '--flannel-backend=host-gw', '--disable-kube-proxy=true']
const tunnel = leftoversOf({ links: [{ name: 'flannel.1', kind: 'vxlan' }] })

function programOf(cleanups: readonly CleanupKind[], mayWiden = false): NetworkProgram {
  return {
    plane: 'iptables',
    routes: [],
    routingRules: [],
    sysctls: [],
    cleanups: cleanups.map((kind) => artefactOf(kind)),
    ...(mayWiden ? { cleanupsMayWiden: true as const } : {}),
    probes: [],
    failsafe: { flows: [] },
    confirmTimeoutMs: 60_000,
  }
}

/** A node that holds what the test says. What is removed is gone, unless it is told to stay. */
function node(start: Leftovers) {
  const log = recordingLog()
  const memory = newCleanupMemory()
  const records: CleanupRecord[] = []
  const takenBack = new Set<string>()
  const events: string[] = []
  const state = { now: start, k3sArguments: off as readonly string[] | undefined, isStubborn: false, answers: [true] }
  let failure: Failure | undefined
  let clockMs = 5_000_000
  const ports: CleanupPorts = {
    leftovers: (record) => ({
      observe: async () => {
        events.push('observe')
        if (failure !== undefined) throw failure
        return { ...state.now, k3sArguments: undefined }
      },
      inverse: async () => [{ kind: 'run', argv: ['/bin/true'] }],
      remove: async ({ removals }: CleanupPlan) => {
        events.push(`remove ${record} (${records.length} on disk)`)
        expect(removals.length).toBeGreaterThan(0)
        if (!state.isStubborn) state.now = leftoversOf({ programs: state.now.programs })
      },
    }),
    records: {
      names: () => records.map(({ name }) => name),
      write: async (record) => {
        records.push(record)
        return `/state/cleanups/${record.name}/undo.json`
      },
      read: async (name) => records.find((record) => record.name === name),
      markTakenBack: async (name) => {
        takenBack.add(name)
      },
      isTakenBack: async (name) => takenBack.has(name),
    },
    evidence: async (wanted) => {
      events.push('evidence')
      const servicesAnswer = state.answers.length > 1 ? state.answers.shift() : state.answers[0]
      const evidence = wanted.has('kube-proxy') && servicesAnswer !== undefined ? { servicesAnswer } : {}
      return { k3sArguments: state.k3sArguments, evidence, clusterCIDRs: [], apiService: undefined }
    },
    takeBack: async () => {
      events.push('take back')
      return []
    },
    clock: { nowMs: () => Date.UTC(2026, 0, 2) + clockMs, monotonicMs: () => clockMs },
    log,
  }
  const pass = async (seconds: number, program: NetworkProgram | undefined) => {
    clockMs += seconds * 1_000
    return await cleanLeftovers(program, memory, ports, new AbortController().signal)
  }
  return {
    pass,
    state,
    records,
    takenBack,
    events,
    log,
    fail: (next: Failure | undefined) => {
      failure = next
    },
  }
}

const auto = programOf(['network-policy'], true)

describe('what former components left behind, in the loop', () => {
  test('is watched for a minute and then goes, with the way back on the disk before', async () => {
    const { pass, events, records } = node(tunnel)
    const program = programOf(['vxlan-devices'])
    expect(await pass(0, program)).toEqual({
      applied: [],
      reported: [
        {
          kind: 'cleanup',
          what: 'vxlan-devices: device flannel.1',
          reason: 'watched: it goes once nothing of it has changed for 60 seconds',
        },
      ],
      revisitAfterMs: 60_000,
    })
    expect(await pass(59, program)).toMatchObject({ applied: [], reported: [{}], revisitAfterMs: 1_000 })
    expect(events).toEqual(['observe', 'evidence'])
    const done = await pass(1, program)
    expect(done.applied).toMatchObject([
      { kind: 'cleanup', effect: 'remove', what: 'device flannel.1', impact: { kind: 'None' } },
    ])
    expect(done.reported).toEqual([])
    expect(records).toMatchObject([
      { version: 1, cleanups: ['vxlan-devices'], removed: ['device flannel.1'], lost: [] },
    ])
    expect(events.filter((event) => event.startsWith('remove'))).toEqual([`remove ${records[0]?.name} (1 on disk)`])
  })

  test('that blocks traffic needs a yes, unless the documents say otherwise', async () => {
    const asked = node(policy)
    const confirm = programOf(['network-policy'])
    await asked.pass(0, confirm)
    const { applied, reported } = await asked.pass(60, confirm)
    expect(applied).toEqual([])
    expect(new Set(reported.map(({ reason }) => reason))).toEqual(
      new Set([
        'needs a yes: traffic that it blocks may flow once it is gone; fairlead cleanup --only network-policy asks for it',
      ]),
    )
    const free = node(policy)
    await free.pass(0, auto)
    expect((await free.pass(60, auto)).applied).toMatchObject([
      { what: expect.stringContaining('table filter'), impact: { kind: 'NewConnections' } },
    ])
  })

  test('begins anew when it changes while it is watched', async () => {
    const { pass, state, records } = node(policy)
    await pass(0, auto)
    state.now = { ...policy, sets: [{ name: 'KUBE-SRC-NEW', type: 'hash:ip' }] }
    expect((await pass(60, auto)).reported[0]?.reason).toMatch(/^watched:/)
    expect((await pass(60, auto)).applied.length).toBeGreaterThan(0)
    expect(records).toHaveLength(1)
  })

  test('stays while its owner runs, and nobody is asked about it every minute', async () => {
    const { pass, state, events, records } = node(policy)
    state.k3sArguments = ['server']
    for (let minute = 0; minute < 14; minute += 1) await pass(60, auto)
    expect(events.filter((event) => event === 'evidence')).toHaveLength(1)
    expect(events.filter((event) => event === 'observe')).toHaveLength(3)
    expect(records).toEqual([])
    expect((await pass(0, auto)).reported[0]?.reason).toMatch(/^still-active:/)
  })

  test('goes by what is true when it goes, not by what was true when it was found', async () => {
    const { pass, state, records } = node(policy)
    await pass(0, auto)
    state.k3sArguments = ['server']
    expect((await pass(60, auto)).reported[0]?.reason).toMatch(/^still-active:/)
    expect(records).toEqual([])
  })

  test('costs nothing but a look every five minutes on a node that has none', async () => {
    const { pass, events } = node(leftoversOf())
    for (let second = 0; second < 600; second += 1) await pass(1, auto)
    expect(events).toEqual(['observe', 'observe'])
    expect(await pass(600, programOf([]))).toEqual({ applied: [], reported: [] })
    expect(await pass(600, undefined)).toEqual({ applied: [], reported: [] })
    expect(events).toEqual(['observe', 'observe'])
  })

  test('is not fought for when it comes back: its owner runs', async () => {
    const { pass, state, records } = node(policy)
    await pass(0, auto)
    await pass(60, auto)
    state.now = policy
    for (let minute = 0; minute < 30; minute += 1) {
      const { reported } = await pass(60, auto)
      if (minute > 0) expect(reported[0]?.reason).toMatch(/^(watched|still-active): /)
    }
    expect(records).toHaveLength(1)
    expect((await pass(0, auto)).reported[0]?.reason).toBe(
      'still-active: it was removed and is there again, so that its owner runs',
    )
  })

  test('is told at once when the removal did not last', async () => {
    const { pass, state, records } = node(policy)
    state.isStubborn = true
    await pass(0, auto)
    expect((await pass(60, auto)).reported[0]?.reason).toMatch(/^still-active: it was removed/)
    for (let minute = 0; minute < 10; minute += 1) await pass(60, auto)
    expect(records).toHaveLength(1)
  })

  test('stays when a person took its cleanup back', async () => {
    const first = node(policy)
    await first.pass(0, auto)
    await first.pass(60, auto)
    const again = node(policy)
    const [record] = first.records
    if (record === undefined) throw new Error('nothing was removed')
    again.records.push(record)
    again.takenBack.add(record.name)
    await again.pass(0, auto)
    expect((await again.pass(60, auto)).reported[0]?.reason).toBe(
      `the cleanup ${record.name} was taken back; fairlead cleanup --only network-policy removes it again`,
    )
    // What a person cleaned up since is the last word.
    again.records.push({ ...record, name: '2027-01-01T00-00-00Z-network-policy' })
    expect((await again.pass(300, auto)).applied.length).toBeGreaterThan(0)
  })

  test('of kube-proxy is put back when Services no longer answer, and then left alone', async () => {
    const found = leftoversOf({
      tables: tablesOf(
        '*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n-A PREROUTING -j KUBE-SERVICES\nCOMMIT\n',
      ),
      programs: ['cilium-agent'],
    })
    const { pass, state, events, records, takenBack } = node(found)
    const program = programOf(['kube-proxy'], true)
    state.answers = [true, true, false]
    state.isStubborn = true
    await pass(0, program)
    const { applied, reported } = await pass(60, program)
    expect(applied).toEqual([])
    expect(reported[0]?.reason).toBe('Services no longer answered without it, so that it was put back')
    expect(events).toContain('take back')
    expect([...takenBack]).toEqual(records.map(({ name }) => name))
    state.answers = [true]
    for (let minute = 0; minute < 20; minute += 1) await pass(60, program)
    expect(records).toHaveLength(1)
  })

  test('that cannot be read is told, and the pass goes on', async () => {
    const { pass, fail, log } = node(policy)
    const detail = { code: 'LEFTOVERS_FAILED', where: 'iptables-nft-save', fix: 'look at it', retry: 'soon' } as const
    fail(new Failure('iptables-nft-save ended with 4', detail))
    expect(await pass(0, auto)).toMatchObject({
      applied: [],
      reported: [{ kind: 'cleanup', reason: 'iptables-nft-save ended with 4' }],
    })
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { code: 'LEFTOVERS_FAILED' } }])
    fail(undefined)
    expect((await pass(300, auto)).reported[0]?.reason).toMatch(/^watched:/)
  })
})

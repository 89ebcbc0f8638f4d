import { describe, expect, test } from 'vitest'
import { Failure } from '../../../src/domain/failure.ts'
import type { ObservedFile } from '../../../src/domain/observation.ts'
import type { Heard } from '../../../src/reconcile/api-source/heard.ts'
import { mayHaveOthers, ReturnGuard, type ReturnGuardPorts } from '../../../src/reconcile/api-source/return-guard.ts'
import type { ToldPass } from '../../../src/reconcile/program-source.ts'
import { recordingLog } from '../../lab/recording-log.ts'

const manifests = '/var/lib/rancher/k3s/server/manifests'
const signal = new AbortController().signal

interface Situation {
  readonly paths?: readonly string[]
  readonly markers?: readonly string[]
  readonly runs?: boolean
  readonly isInstalled?: boolean
  readonly isAdopted?: boolean
  readonly isSuspended?: boolean
  readonly refuses?: boolean
}

/** A server whose disk is a set of paths; the patience ends when the test says so. */
function machine(situation: Situation = {}) {
  const { isAdopted = true, isInstalled = true, runs = false, isSuspended = false, refuses = false } = situation
  const disk = new Set(situation.paths ?? [`${manifests}/ours.yaml`, `${manifests}/gone.yaml`])
  let markers = situation.markers ?? []
  let changes = 0
  const patience = Promise.withResolvers<void>()
  const log = recordingLog()
  const ports: ReturnGuardPorts = {
    files: {
      observeFile: async (path) => (disk.has(path) ? ({ path } as ObservedFile) : undefined),
      writeFile: async (path) => {
        if (refuses) throw new Failure('the disk is full', { code: 'DISK_FULL', where: path, fix: 'x', retry: 'soon' })
        disk.add(path)
        return true
      },
      removeFile: async (path) => void disk.delete(path),
    },
    state: {
      readLastGood: async () =>
        ({
          program: { digest: 'old', files: [{ path: `${manifests}/ours.yaml` }, { path: '/etc/rancher/k3s/x.yaml' }] },
        }) as never,
      readInventory: async () =>
        ({
          entries: new Map([
            ['a', { id: `file:${manifests}/gone.yaml`, class: 'program' }],
            ['b', { id: `file:${manifests}/coredns.yaml`, class: 'packaged' }],
          ]),
        }) as never,
      readAdoption: async () => (isAdopted ? ({} as never) : undefined),
      readSuspension: async () => (isSuspended ? ({} as never) : undefined),
    },
    k3s: { isInstalled: async () => isInstalled, current: async () => (runs ? ({} as never) : undefined) },
    cache: {
      readMarkers: async () => markers,
      writeMarkers: async (paths) => {
        markers = paths
      },
    },
    clock: {
      nowMs: () => 0,
      monotonicMs: () => 0,
      sleep: () => patience.promise,
      schedule: () => () => undefined,
    },
    log,
    changed: () => {
      changes += 1
    },
  }
  const guard = new ReturnGuard(ports)
  let isSettled = false
  void guard.settled.then(() => {
    isSettled = true
  })
  return { guard, disk, log, patience, markers: () => markers, isSettled: () => isSettled, changes: () => changes }
}

function pass(digest: string, states: Readonly<Record<string, string>> = {}): ToldPass {
  const files = Object.entries(states).map(([path, state]) => ({ path, state, class: 'program', message: '' }))
  return { snapshot: { files, suspended: false }, enforced: { program: { digest } } } as unknown as ToldPass
}

const taken = (program: string): Heard => ({ kind: 'taken', program })
const suspended = (digest: string | undefined, states: Readonly<Record<string, string>> = {}): ToldPass => {
  const one = pass(digest ?? '', states)
  return { snapshot: { ...one.snapshot, suspended: true }, enforced: digest === undefined ? undefined : one.enforced }
}

const [ours, gone] = [`${manifests}/ours.yaml.skip`, `${manifests}/gone.yaml.skip`]

describe('a server whose K3s is about to start', () => {
  test('hides what it wrote into the manifests directory, and nothing else', async () => {
    const { guard, disk, markers, isSettled } = machine()
    await guard.begin(true, signal)
    expect(markers()).toEqual([gone, ours])
    expect([...disk].filter((path) => path.endsWith('.skip')).sort()).toEqual([gone, ours])
    expect(isSettled()).toBe(false)
  })

  test('shows it again once the program that the API told is in place, and only then may K3s start', async () => {
    const { guard, disk, markers, isSettled } = machine()
    await guard.begin(true, signal)
    guard.passed(pass('old'), undefined)
    guard.passed(pass('old'), taken('new'))
    await guard.close()
    expect(markers()).toHaveLength(2)
    guard.passed(pass('new'), taken('new'))
    await guard.close()
    expect(markers()).toEqual([])
    expect([...disk].some((path) => path.endsWith('.skip'))).toBe(false)
    expect(isSettled()).toBe(true)
  })

  test('goes on hiding what could not be written', async () => {
    const { guard, markers } = machine()
    await guard.begin(true, signal)
    guard.passed(
      pass('new', { [`${manifests}/ours.yaml`]: 'Pending', [`${manifests}/gone.yaml`]: 'Removing' }),
      taken('new'),
    )
    await guard.close()
    expect(markers()).toEqual([ours])
  })

  test('does not keep K3s waiting for ever', async () => {
    const { guard, patience, isSettled, markers } = machine()
    await guard.begin(true, signal)
    patience.resolve()
    await guard.settled
    expect(isSettled()).toBe(true)
    expect(markers()).toHaveLength(2)
  })

  test('leaves markers of others alone', async () => {
    const { guard, disk, markers } = machine({ paths: [`${manifests}/ours.yaml`, ours] })
    await guard.begin(true, signal)
    expect(markers()).toEqual([])
    guard.passed(pass('new'), taken('new'))
    await guard.close()
    expect(disk.has(ours)).toBe(true)
  })

  test('takes away the markers that an earlier process set, also beside a running K3s', async () => {
    const { guard, disk, markers } = machine({ paths: [`${manifests}/ours.yaml`, ours], markers: [ours], runs: true })
    await guard.begin(true, signal)
    guard.passed(pass('new'), taken('new'))
    await guard.close()
    expect(markers()).toEqual([])
    expect(disk.has(ours)).toBe(false)
  })

  test('runs on where the disk refuses, and says so', async () => {
    const { guard, log } = machine({ refuses: true })
    await guard.begin(true, signal)
    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: 'error', fields: expect.objectContaining({ code: 'DISK_FULL' }) }),
    )
  })

  const unhidden: Readonly<Record<string, readonly [Situation, boolean]>> = {
    'it is the only server': [{}, false],
    'its K3s runs already': [{ runs: true }, true],
    'there is no K3s': [{ isInstalled: false }, true],
    'it was never adopted': [{ isAdopted: false }, true],
    'Fairlead is suspended, and nothing would be shown again': [{ isSuspended: true }, true],
  }
  for (const [why, [situation, hasOthers]] of Object.entries(unhidden)) {
    test(`hides nothing, and waits for nothing, where ${why}`, async () => {
      const { guard, markers } = machine(situation)
      await guard.begin(hasOthers, signal)
      await guard.settled
      expect(markers()).toEqual([])
    })
  }
})

describe('nobody takes another program, and the last good one is shown again', () => {
  const cases: Readonly<Record<string, readonly [ToldPass, Heard | undefined, readonly string[]]>> = {
    'when the answer of the API is refused': [pass('old'), { kind: 'refused' }, []],
    'but for a file that is not in place': [
      pass('old', { [`${manifests}/ours.yaml`]: 'Pending' }),
      { kind: 'refused' },
      [ours],
    ],
    'but not before a pass was about it': [{ ...pass('old'), enforced: undefined }, { kind: 'refused' }, [gone, ours]],
    'when Fairlead is suspended after it took a program': [suspended('old'), taken('new'), []],
    'when Fairlead was suspended from the start, and the API answers': [suspended(undefined), { kind: 'answered' }, []],
    'but not while nobody was heard, suspended or not': [suspended('old'), undefined, [gone, ours]],
    'but not where the API has no program: the next one is about to come': [
      pass('old'),
      { kind: 'answered' },
      [gone, ours],
    ],
  }
  for (const [name, [told, heard, hidden]] of Object.entries(cases)) {
    test(name, async () => {
      const { guard, markers, disk, changes, isSettled } = machine()
      await guard.begin(true, signal)
      guard.passed(told, heard)
      await guard.close()
      expect(markers()).toEqual(hidden)
      expect([...disk].filter((path) => path.endsWith('.skip')).sort()).toEqual(hidden)
      expect(changes()).toBe(hidden.length === 2 ? 0 : 1)
      await Promise.resolve()
      expect(isSettled()).toBe(hidden.length === 0)
    })
  }

  test('with the markers of an earlier process, where Fairlead is suspended now', async () => {
    const { guard, disk, markers } = machine({ paths: [ours], markers: [ours], isSuspended: true, runs: true })
    await guard.begin(true, signal)
    guard.passed(suspended(undefined), { kind: 'answered' })
    await guard.close()
    expect(markers()).toEqual([])
    expect(disk.has(ours)).toBe(false)
  })
})

describe('the condition ManifestsHidden', () => {
  test('is not there where nothing was ever hidden', async () => {
    const { guard } = machine({ runs: true })
    await guard.begin(true, signal)
    expect(guard.conditions()).toEqual([])
  })

  test('says what is hidden and what is waited for, and that it is over', async () => {
    const { guard } = machine()
    await guard.begin(true, signal)
    const told = () => guard.conditions().map(({ type, status, reason }) => `${type} ${status} ${reason}`)
    expect(told()).toEqual(['ManifestsHidden True AwaitingAPI'])
    expect(guard.conditions()[0]?.message).toMatch(/^K3s does not look at gone\.yaml, ours\.yaml: /)
    guard.passed(pass('old'), { kind: 'answered' })
    expect(told()).toEqual(['ManifestsHidden True AwaitingProgram'])
    guard.passed(pass('new', { [`${manifests}/ours.yaml`]: 'Pending' }), taken('new'))
    await guard.close()
    expect(told()).toEqual(['ManifestsHidden True AwaitingFiles'])
    expect(guard.conditions()[0]?.message).toMatch(/^K3s does not look at ours\.yaml: /)
    guard.passed(pass('new'), taken('new'))
    await guard.close()
    expect(told()).toEqual(['ManifestsHidden False Shown'])
  })
})

describe('whether a cluster has other servers', () => {
  const none = { learned: undefined, configured: [], hasEtcd: false, datastore: undefined }
  const cases = [
    { name: 'a database in a file of its own', evidence: none, has: false },
    { name: 'the same, said in words', evidence: { ...none, datastore: 'sqlite:///var/lib/x' }, has: false },
    { name: 'etcd, of which nobody knows how many there are', evidence: { ...none, hasEtcd: true }, has: true },
    { name: 'a shared database', evidence: { ...none, datastore: 'postgres://db' }, has: true },
    { name: 'a server that it joined by', evidence: { ...none, configured: ['https://a:6443'] }, has: true },
    {
      name: 'etcd, of a cluster that named this server alone',
      evidence: { ...none, hasEtcd: true, learned: [] },
      has: false,
    },
    { name: 'others that the cluster named', evidence: { ...none, learned: ['10.0.0.2'] }, has: true },
  ]
  for (const { name, evidence, has } of cases) {
    test(`${name}: ${has ? 'yes' : 'no'}`, () => expect(mayHaveOthers(evidence)).toBe(has))
  }
})

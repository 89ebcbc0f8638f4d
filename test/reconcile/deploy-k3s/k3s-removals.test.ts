import { expect, describe as group, test } from 'vitest'
import type { DeployedObjects } from '../../../src/domain/deployed-objects.ts'
import type { InventoryEntry } from '../../../src/domain/inventory.ts'
import { K3sRemovals, type RemovalsInput } from '../../../src/reconcile/deploy-k3s/k3s-removals.ts'
import { sha256Hex } from '../../../src/text/digest.ts'
import { file, inventory, manifests, observation, observed, program } from '../../lab/planning.ts'
import { recordingLog } from '../../lab/recording-log.ts'
import { addon, k3s, live, second } from '../../plan/k3s-engine/deployed.ts'
import { deployed, FakeObjects } from './fake-objects.ts'

const signal = new AbortController().signal
const lan = `${manifests}/lan.yaml`
const kinds = ['ConfigMap', 'Namespace', 'PersistentVolumeClaim'].map((kind) => ({ apiVersion: 'v1', kind }))

function emptied(extra: Partial<InventoryEntry> = {}): RemovalsInput['inventory'] {
  const { entries } = inventory({ [lan]: '' })
  return { entries: new Map([...entries].map(([id, entry]) => [id, { ...entry, kinds, ...extra }])) }
}

function input(extra: Partial<RemovalsInput> = {}): RemovalsInput {
  return {
    program: program([]),
    inventory: emptied(),
    observation: observation(observed(lan, '', { modifiedAtMs: second(5) })),
    live: live({ addons: [addon('lan', '')] }),
    version: k3s('v1.33.4+k3s1'),
    unapplied: [],
    ...extra,
  }
}

function removalsOf(objects: FakeObjects): {
  readonly removals: K3sRemovals
  readonly log: ReturnType<typeof recordingLog>
} {
  const log = recordingLog()
  return { removals: new K3sRemovals({ objects, log }), log }
}

async function passOver(objects: FakeObjects, extra: Partial<RemovalsInput> = {}): Promise<K3sRemovals> {
  const { removals } = removalsOf(objects)
  await removals.pass(input(extra), signal)
  return removals
}

group('an emptied manifest that K3s has applied', () => {
  test('is pruned once nothing of it is left, and its Addon is gone', async () => {
    const objects = new FakeObjects()
    const removals = await passOver(objects)
    expect(removals.progressOf(lan)).toBe('pruned')
    expect(objects.deleted).toEqual(['Addon lan'])
  })

  test('waits for what has finalizers to run', async () => {
    const objects = new FakeObjects(deployed('lan', 'ConfigMap', 'a', { deletionTimestamp: '2026-01-01T00:00:00Z' }))
    const removals = await passOver(objects)
    expect(removals.progressOf(lan)).toBe('waiting')
    expect(objects.deleted).toEqual([])
  })

  test('takes along what K3s forgot, and waits until it is gone', async () => {
    const objects = new FakeObjects(deployed('lan', 'ConfigMap', 'a'))
    const { removals } = removalsOf(objects)
    const [row] = await removals.pass(input(), signal)
    expect(row).toMatchObject({ path: lan, state: 'Pending', message: expect.stringContaining('ConfigMap default/a') })
    expect(objects.deleted).toEqual(['ConfigMap a'])
    await removals.pass(input(), signal)
    expect(objects.deleted).toEqual(['ConfigMap a', 'Addon lan'])
    expect(removals.progressOf(lan)).toBe('pruned')
  })

  const kept: readonly (readonly [string, ReturnType<typeof deployed>])[] = [
    [
      'is marked to be kept',
      deployed('lan', 'ConfigMap', 'a', { labels: { 'objectset.rio.cattle.io/prune': 'false' } }),
    ],
    ['is a namespace, with all that is in it', deployed('lan', 'Namespace', 'a')],
    ['is the data of somebody', deployed('lan', 'PersistentVolumeClaim', 'a')],
    [
      'only carries a copy of the label',
      deployed('lan', 'ConfigMap', 'a', { annotations: { 'objectset.rio.cattle.io/owner-name': 'other' } }),
    ],
  ]
  test.each(kept)('never takes along what %s', async (_name, object) => {
    const objects = new FakeObjects(object)
    const removals = await passOver(objects)
    expect(objects.deleted).toEqual(['Addon lan'])
    expect(removals.progressOf(lan)).toBe('pruned')
  })

  test('names what stays in the log', async () => {
    const { removals, log } = removalsOf(new FakeObjects(deployed('lan', 'Namespace', 'a', { namespace: undefined })))
    await removals.pass(input(), signal)
    expect(log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields['object'])).toEqual([
      'Namespace a',
    ])
  })

  test('is not done when K3s writes its Addon at the same moment', async () => {
    const objects = new FakeObjects()
    objects.refusals.set('Addon lan', 'KUBE_STALE')
    expect((await passOver(objects)).progressOf(lan)).toBe('waiting')
  })

  test('has no objects of a kind that is gone', async () => {
    const objects = new FakeObjects()
    objects.refusals.set('ConfigMap', 'KUBE_KIND_UNKNOWN')
    expect((await passOver(objects)).progressOf(lan)).toBe('pruned')
  })

  test('is told as failed when its objects may not be deleted, and its file stays', async () => {
    const objects = new FakeObjects(deployed('lan', 'ConfigMap', 'a'))
    objects.refusals.set('ConfigMap a', 'KUBE_DENIED')
    const { removals } = removalsOf(objects)
    const [row] = await removals.pass(input(), signal)
    expect(row).toMatchObject({ state: 'Failed', message: expect.stringContaining('the server says KUBE_DENIED') })
    expect(removals.progressOf(lan)).toBe('waiting')
  })

  test('is left as it is while the API is away', async () => {
    const objects = new FakeObjects()
    objects.refusals.set('ConfigMap', 'KUBE_UNREACHABLE')
    const { removals } = removalsOf(objects)
    await expect(removals.pass(input(), signal)).rejects.toMatchObject({ detail: { code: 'KUBE_UNREACHABLE' } })
    expect(removals.progressOf(lan)).toBeUndefined()
  })
})

group('nothing is removed', () => {
  const others: readonly (readonly [string, Partial<RemovalsInput>, 'waiting' | 'time' | undefined])[] = [
    ['while the copy of another server is applied', { live: live({ addons: [addon('lan', 'data')] }) }, 'waiting'],
    ['where there is no Addon', { live: live() }, 'time'],
    ['that the program wants', { program: program([file(lan, '')]) }, undefined],
    ['that is not empty', { observation: observation(observed(lan, 'data')) }, undefined],
    ['that is somebody else’s', { inventory: inventory({}) }, undefined],
    ['that was empty when we wrote something else', { inventory: inventory({ [lan]: 'data' }) }, undefined],
  ]
  test.each(others)('%s', async (_name, extra, progress) => {
    const objects = new FakeObjects(deployed('lan', 'ConfigMap', 'a'))
    const removals = await passOver(objects, extra)
    expect(objects.deleted).toEqual([])
    expect(removals.progressOf(lan)).toBe(progress)
  })
})

group('an emptied manifest whose Addon another file shares', () => {
  const twin = observed(`${manifests}/lan.local.yaml`, 'data')
  const beside = { observation: observation(observed(lan, ''), twin) }

  test('takes neither objects nor Addon along', async () => {
    const objects = new FakeObjects(deployed('lan', 'ConfigMap', 'a'))
    const { removals } = removalsOf(objects)
    const [row] = await removals.pass(input(beside), signal)
    expect(objects.deleted).toEqual([])
    expect(row?.message).toContain('lan.local.yaml')
    expect(removals.progressOf(lan)).toBe('waiting')
  })

  test('is a removal like any other beside one that K3s leaves out', async () => {
    const objects = new FakeObjects()
    const marker = observed(`${manifests}/lan.local.yaml.skip`, '')
    await passOver(objects, { observation: observation(observed(lan, ''), twin, marker) })
    expect(objects.deleted).toEqual(['Addon lan'])
  })
})

group('a manifest whose objects moved', () => {
  const home = `${manifests}/home.yaml`
  const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: moved, namespace: default }\n'
  const after: Partial<RemovalsInput> = {
    program: program([file(home, text)]),
    inventory: emptied({ moved: sha256Hex('data'), digest: '' }),
    observation: observation(observed(home, text)),
    live: live({ addons: [addon('lan', 'data'), addon('home', text)] }),
  }

  test('leaves its Addon, which goes once none of its objects is applied from it any more', async () => {
    const objects = new FakeObjects(deployed('home', 'ConfigMap', 'moved'))
    const removals = await passOver(objects, after)
    expect(objects.deleted).toEqual(['Addon lan'])
    expect(removals.progressOf(lan)).toBe('pruned')
    expect(removals.hasPruned).toBe(true)
  })

  test('leaves its Addon also where that names a path of before: it was renamed with the same content', async () => {
    const objects = new FakeObjects()
    const before = addon('lan', 'data', { source: `${manifests}/sub/lan.yaml` })
    await passOver(objects, { ...after, live: live({ addons: [before] }) })
    expect(objects.deleted).toEqual(['Addon lan'])
  })

  test('never takes along what another manifest defines, and names who is to apply it', async () => {
    const objects = new FakeObjects(deployed('lan', 'ConfigMap', 'moved'))
    const { removals } = removalsOf(objects)
    const [row] = await removals.pass(input(after), signal)
    expect(objects.deleted).toEqual([])
    expect(row).toMatchObject({
      path: lan,
      state: 'Pending',
      message: expect.stringContaining('ConfigMap default/moved'),
    })
    expect([...removals.overtaken]).toEqual([home])
    expect(removals.progressOf(lan)).toBe('waiting')
  })

  test('knows what an encrypted manifest defines by what is on the disk', async () => {
    const objects = new FakeObjects(deployed('lan', 'ConfigMap', 'moved'))
    await passOver(objects, { ...after, program: program([file(home, text.replace('moved', 'ENC[x]'))]) })
    expect(objects.deleted).toEqual([])
  })

  test('takes the rest of its objects along, then its Addon', async () => {
    const objects = new FakeObjects(deployed('home', 'ConfigMap', 'moved'), deployed('lan', 'ConfigMap', 'rest'))
    const { removals } = removalsOf(objects)
    await removals.pass(input(after), signal)
    expect(objects.deleted).toEqual(['ConfigMap rest'])
    expect(removals.progressOf(lan)).toBe('waiting')
    await removals.pass(input(after), signal)
    expect(objects.deleted).toEqual(['ConfigMap rest', 'Addon lan'])
  })

  const untouched: readonly (readonly [string, Partial<RemovalsInput>, 'waiting' | 'pruned' | undefined])[] = [
    ['before everything that is wanted is applied', { unapplied: [home] }, 'waiting'],
    [
      'while nobody can tell what is wanted',
      { program: program([file(home, '{')]), observation: observation() },
      'waiting',
    ],
    [
      'where its Addon is that of a file on another server',
      { live: live({ addons: [addon('lan', 'x', { source: `${manifests}/lan.local.yaml` })] }) },
      'pruned',
    ],
    [
      'where its Addon is that of another file here',
      { observation: observation(observed(`${manifests}/sub/lan.yaml`, 'x')) },
      'pruned',
    ],
    ['while a file is in its place', { observation: observation(observed(lan, 'x')) }, undefined],
    ['once it is wanted again', { program: program([file(lan, text)]) }, undefined],
  ]
  test.each(untouched)('keeps everything %s', async (_name, extra, progress) => {
    const objects = new FakeObjects(deployed('lan', 'ConfigMap', 'rest'))
    const removals = await passOver(objects, { ...after, ...extra })
    expect(objects.deleted).toEqual([])
    expect(removals.progressOf(lan)).toBe(progress)
  })
})

group('an Addon that K3s made anew from the empty file', () => {
  const gone = { inventory: inventory({}), observation: observation() }

  async function afterRemoval(objects: FakeObjects, next: Partial<RemovalsInput>): Promise<readonly string[]> {
    const { removals } = removalsOf(objects)
    await removals.pass(input(), signal)
    await removals.pass(input({ live: live() }), signal)
    expect(removals.progressOf(lan)).toBe('pruned')
    await removals.pass(input({ ...gone, ...next }), signal)
    return objects.addonsDeleted
  }

  const again: DeployedObjects = live({ addons: [addon('lan', '')] })

  test('goes as well', async () => {
    expect(await afterRemoval(new FakeObjects(), { live: again })).toEqual(['Addon lan', 'Addon lan'])
  })

  test('stays while it is that of a file with content', async () => {
    expect(await afterRemoval(new FakeObjects(), { live: live({ addons: [addon('lan', 'data')] }) })).toHaveLength(1)
    const twin = observation(observed(`${manifests}/sub/lan.yml`, 'data'))
    expect(await afterRemoval(new FakeObjects(), { live: again, observation: twin })).toHaveLength(1)
  })
})

import { describe, expect, test } from 'vitest'
import { fileId } from '../../../src/domain/artefact.ts'
import type { InventoryEntry } from '../../../src/domain/inventory.ts'
import { hashLabel, markObject, ownerHash } from '../../../src/plan/deploy/object-marks.ts'
import { sha256Hex } from '../../../src/text/digest.ts'
import { configMap } from '../../conformance/conform.ts'
import { DeployBench, manifest, programOf, unreachable, wanted } from './deploy-bench.ts'

const minute = 60_000

describe('what leaves the program', () => {
  const path = manifest('gone.yaml')
  const entry = (kinds?: InventoryEntry['kinds']): InventoryEntry => ({
    id: fileId(path),
    digest: sha256Hex(''),
    revision: 'main@sha1:1',
    class: 'program',
    ...(kinds === undefined ? {} : { kinds }),
  })
  const configMaps = [{ apiVersion: 'v1', kind: 'ConfigMap' }]

  async function appliedThenEmptied(program = {}): Promise<DeployBench> {
    const bench = new DeployBench(program)
    bench.disk.write('gone.yaml', configMap('a'))
    await bench.pass()
    bench.disk.write('gone.yaml', '')
    bench.inventory = { entries: new Map([[fileId(path), entry(configMaps)]]) }
    return bench
  }

  test('has its objects deleted, then its Addon, and its file may go', async () => {
    const bench = await appliedThenEmptied()
    expect(bench.loop.progressOf(path)).toBe('waiting')
    expect(await bench.pass()).toBe('pruned')
    expect([bench.api.names('ConfigMap'), bench.api.names('Addon')]).toEqual([[], []])
    expect(bench.loop.progressOf(path)).toBe('pruned')
  })

  test('keeps Addon and file while an object is still there', async () => {
    const bench = await appliedThenEmptied()
    bench.api.edit('ConfigMap', 'a', { metadata: { finalizers: ['lab.example.com/hold'] } })
    expect(await bench.pass()).toBe('told')
    expect(bench.loop.progressOf(path)).toBe('waiting')
    expect(bench.api.names('Addon')).toEqual(['kube-system/gone'])
    expect(bench.loop.nextRun()).toBe(250)
    bench.api.drop('ConfigMap', 'a')
    expect(await bench.pass()).toBe('pruned')
  })

  test('is waited for while the API server is away', async () => {
    const bench = await appliedThenEmptied()
    bench.objects.away = unreachable
    bench.nowMs += minute
    await bench.pass()
    expect(bench.loop.progressOf(path)).toBe('waiting')
  })

  test('of a release that forgets kinds is deleted through the API', async () => {
    const bench = await appliedThenEmptied({ k3sVersion: 'v1.21.5+k3s1' })
    await bench.pass()
    await bench.pass()
    expect(bench.api.names('ConfigMap')).toEqual([])
    expect(bench.loop.progressOf(path)).toBe('pruned')
  })

  test('leaves the Addon to another file of that name', async () => {
    const bench = await appliedThenEmptied()
    bench.disk.write('sub/gone.yaml', configMap('b'))
    await bench.pass()
    await bench.pass()
    expect(bench.api.names('Addon')).toEqual(['kube-system/gone'])
  })

  test('an Addon that was made once more while its file went is deleted again', async () => {
    const bench = await appliedThenEmptied()
    await bench.pass()
    bench.disk.remove('gone.yaml')
    bench.inventory = { entries: new Map() }
    bench.api.add({
      apiVersion: 'k3s.cattle.io/v1',
      kind: 'Addon',
      metadata: { name: 'gone', namespace: 'kube-system' },
    })
    await bench.pass()
    expect(bench.api.names('Addon')).toEqual([])
  })

  test('of a release that forgets kinds takes along nothing that only looks like it, nor what holds more than itself', async () => {
    const bench = await appliedThenEmptied({ k3sVersion: 'v1.21.5+k3s1' })
    const mark = (kind: string, name: string, metadata: Record<string, unknown>): void => {
      const marked = markObject({ apiVersion: 'v1', kind, metadata: { name, ...metadata } }, 'gone')
      bench.api.add(marked)
    }
    const copy = { annotations: { 'objectset.rio.cattle.io/owner-name': 'other' } }
    bench.api.add({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'copy', namespace: 'default', labels: { [hashLabel]: ownerHash('gone') }, ...copy },
    })
    mark('ConfigMap', 'kept', { namespace: 'default', labels: { 'objectset.rio.cattle.io/prune': 'false' } })
    mark('Namespace', 'shop', {})
    bench.inventory = {
      entries: new Map([[fileId(path), entry([...configMaps, { apiVersion: 'v1', kind: 'Namespace' }])]]),
    }
    await bench.pass()
    await bench.pass()
    expect(bench.api.names('ConfigMap')).toEqual(['default/copy', 'default/kept'])
    expect(bench.api.names('Namespace')).toContain('/shop')
    expect(bench.log.lines.flatMap(({ fields }) => fields['object'] ?? [])).toContain('Namespace shop')
    expect(bench.loop.progressOf(path)).toBe('pruned')
  })

  test('of a release that forgets kinds leaves the objects of another file with its Addon alone', async () => {
    const bench = await appliedThenEmptied({ k3sVersion: 'v1.21.5+k3s1' })
    bench.disk.write('sub/gone.yaml', configMap('b'))
    await bench.pass()
    await bench.pass()
    expect(bench.api.names('ConfigMap')).toContain('default/b')
  })

  test('is not done when its Addon is written at the same moment', async () => {
    const bench = await appliedThenEmptied()
    bench.api.refuse = ({ verb, of }) =>
      verb === 'delete' && of.kind === 'Addon'
        ? { ok: false, status: 409, reason: 'Conflict', message: 'the precondition does not hold' }
        : undefined
    await bench.pass()
    expect(bench.loop.progressOf(path)).toBe('waiting')
  })

  test('has its Addon deleted as it was read', async () => {
    const bench = await appliedThenEmptied()
    await bench.pass()
    expect(bench.objects.deletions.at(-1)).toMatchObject({
      uid: expect.any(String),
      resourceVersion: expect.any(String),
    })
  })
})

describe('what moved to a manifest of another name', () => {
  const path = manifest('gone.yaml')
  const kinds = [{ apiVersion: 'v1', kind: 'ConfigMap' }]
  const entry = {
    id: fileId(path),
    digest: '',
    revision: 'main@sha1:1',
    class: 'program',
    kinds,
    moved: 'before',
  } as const

  /** The file was deleted as it was, and `new.yaml` is about half of its objects. */
  async function moved(text = configMap('a')): Promise<DeployBench> {
    const bench = new DeployBench()
    bench.disk.write('gone.yaml', `${configMap('a')}---\n${configMap('rest')}`)
    await bench.pass()
    bench.disk.remove('gone.yaml')
    bench.disk.write('new.yaml', text)
    bench.program = programOf({ files: [{ ...wanted('new.yaml'), text: configMap('a') }], digest: 'two' })
    bench.inventory = { entries: new Map([[fileId(path), entry]]) }
    return bench
  }

  test('leaves nothing but what the other one defines', async () => {
    const bench = await moved()
    await bench.pass()
    expect(bench.api.names('ConfigMap')).toEqual(['default/a'])
    expect(await bench.pass()).toBe('pruned')
    expect(bench.api.names('Addon')).toEqual(['kube-system/new'])
    expect(bench.loop.progressOf(path)).toBe('pruned')
    await bench.pass()
    expect(bench.api.names('ConfigMap')).toEqual(['default/a'])
  })

  test('stays in the cluster until the other one is applied', async () => {
    const bench = await moved('kind: nothing\n')
    await bench.pass()
    await bench.pass()
    expect(bench.api.names('ConfigMap')).toEqual(['default/a', 'default/rest'])
    expect(bench.api.names('Addon')).toContain('kube-system/gone')
    expect(bench.loop.progressOf(path)).toBe('waiting')
  })
})

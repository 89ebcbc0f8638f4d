import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect } from 'vitest'
import type { KubernetesObject } from '../../src/domain/facts.ts'
import { asRecord } from '../../src/domain/plain-json.ts'
import type { KubeObjectsPort } from '../../src/ports/kube-objects-port.ts'
import { codeOf, configMap, failureOf, type KubeLab, namespaced, portNames, service } from './kube-lab.ts'

const signal = new AbortController().signal

/**
 * What every API server and every client of it do together. Each test has a namespace of its own.
 * @param contractTest declares a test, or skips it by name
 */
export function kubeObjectsContract(
  open: () => Promise<KubeLab | undefined>,
  contractTest: (name: string, run: () => Promise<void>) => void,
): void {
  let opened: KubeLab | undefined
  beforeAll(async () => {
    opened = await open()
  })
  afterAll(() => opened?.close())

  const inNamespace = (name: string, run: (objects: KubeObjectsPort, space: string, lab: KubeLab) => Promise<void>) =>
    contractTest(name, async () => {
      if (opened === undefined) throw new Error('the cluster did not start')
      await run(opened.objects, await opened.newNamespace(), opened)
    })

  inNamespace('a kind is told with its place and what can be done to it', async (objects) => {
    expect(await objects.resource({ apiVersion: 'apps/v1', kind: 'DaemonSet' }, signal)).toMatchObject({
      name: 'daemonsets',
      isNamespaced: true,
      subresources: ['status'],
      verbs: expect.arrayContaining(['get', 'list', 'watch', 'create', 'patch', 'update', 'delete']),
    })
    expect(await objects.resource({ apiVersion: 'v1', kind: 'Node' }, signal)).toMatchObject({ isNamespaced: false })
    expect(await objects.resource({ apiVersion: 'example.org/v1', kind: 'Widget' }, signal)).toBeUndefined()
  })

  inNamespace('a kind that is installed later is found', async (objects, space, lab) => {
    const kind = { apiVersion: `${space}.example.org/v1`, kind: 'Gadget' }
    const gadget = { ...kind, metadata: { namespace: space, name: 'one' }, spec: { size: 3, newer: { any: [1] } } }
    expect(await codeOf(objects.apply(gadget, {}, signal))).toBe('KUBE_KIND_UNKNOWN')
    await lab.installKind(`${space}.example.org`, 'Gadget', 'gadgets')
    await sleep(1_100)
    expect(await objects.apply(gadget, {}, signal)).toMatchObject({ spec: gadget.spec })
    expect(await codeOf(objects.patch({ ...kind, namespace: space, name: 'one' }, 'strategic', {}, {}, signal))).toBe(
      'KUBE_INVALID',
    )
  })

  inNamespace('apply creates, changes, and takes away what is not named any more', async (objects, space) => {
    const first = await objects.apply(configMap(space, 'settings', { a: '1', b: '2' }), {}, signal)
    expect(first).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1', b: '2' } })
    const second = await objects.apply(configMap(space, 'settings', { a: '3' }), {}, signal)
    expect(second['data']).toEqual({ a: '3' })
    const third = await objects.apply(configMap(space, 'settings', { a: '3' }), {}, signal)
    expect(third.metadata.resourceVersion).toBe(second.metadata.resourceVersion)
  })

  inNamespace(
    'fields that others applied are named with their manager, and taken by force alone',
    async (objects, space, lab) => {
      await lab.as('other').apply(configMap(space, 'shared', { a: 'theirs', b: 'theirs' }), {}, signal)
      const ours = configMap(space, 'shared', { a: 'ours' })
      const failure = await failureOf(objects.apply(ours, {}, signal))
      expect(failure.detail).toMatchObject({ code: 'KUBE_CONFLICT', where: `ConfigMap ${space}/shared` })
      expect(failure.message).toContain('.data.a ("other")')
      expect(failure.cause).toEqual({ conflicts: [{ manager: 'other', field: '.data.a' }] })
      const taken = await objects.apply(ours, { force: true }, signal)
      expect(taken['data']).toEqual({ a: 'ours', b: 'theirs' })
    },
  )

  inNamespace('a dry run says what would be, and changes nothing', async (objects, space) => {
    const object = configMap(space, 'imagined', { a: '1' })
    expect(await objects.apply(object, { dryRun: true }, signal)).toMatchObject({ data: { a: '1' } })
    expect(await objects.create(object, { dryRun: true }, signal)).toMatchObject({ data: { a: '1' } })
    expect(await objects.get(namespaced(space, 'imagined'), signal)).toBeUndefined()
    const made = await objects.create(object, {}, signal)
    const ref = namespaced(space, 'imagined')
    expect(await objects.patch(ref, 'merge', { data: { a: '2' } }, { dryRun: true }, signal)).toMatchObject({
      data: { a: '2' },
    })
    await objects.delete(ref, { dryRun: true }, signal)
    expect(await objects.get(ref, signal)).toEqual(made)
  })

  inNamespace('a Service port without a protocol can be applied', async (objects, space) => {
    const applied = await objects.apply(service(space, 'web', [{ name: 'http', port: 80 }]), {}, signal)
    expect(asRecord(applied['spec'])['ports']).toEqual([expect.objectContaining({ port: 80, protocol: 'TCP' })])
  })

  inNamespace('create refuses what exists, and a namespace that does not', async (objects, space) => {
    await objects.create(configMap(space, 'one', {}), {}, signal)
    expect(await codeOf(objects.create(configMap(space, 'one', {}), {}, signal))).toBe('KUBE_EXISTS')
    const lost = configMap(`${space}-missing`, 'one', {})
    expect(await codeOf(objects.create(lost, {}, signal))).toBe('KUBE_NAMESPACE_MISSING')
    expect(await codeOf(objects.apply(lost, {}, signal))).toBe('KUBE_NAMESPACE_MISSING')
  })

  inNamespace('a namespace is neither guessed nor dropped', async (objects, space) => {
    const without = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } }
    expect(await codeOf(objects.apply(without, {}, signal))).toBe('KUBE_INVALID')
    const within = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x', namespace: space } }
    expect(await codeOf(objects.apply(within, {}, signal))).toBe('KUBE_INVALID')
  })

  inNamespace('both forms of patch do as they say with lists', async (objects, space) => {
    const ports = [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: 'https', port: 443, protocol: 'TCP' },
    ]
    await objects.create(service(space, 'web', ports), {}, signal)
    const ref = { apiVersion: 'v1', kind: 'Service', namespace: space, name: 'web' }
    const patch = { spec: { ports: [{ port: 443, name: 'tls' }] } }
    const merged = await objects.patch(ref, 'strategic', patch, {}, signal)
    expect(portNames(merged)).toEqual(['http', 'tls'])
    const replaced = await objects.patch(ref, 'merge', patch, {}, signal)
    expect(portNames(replaced)).toEqual(['tls'])
    expect(await codeOf(objects.patch({ ...ref, name: 'none' }, 'merge', {}, {}, signal))).toBe('KUBE_MISSING')
  })

  inNamespace('replace writes on the version that was read, and on no other', async (objects, space) => {
    const made = await objects.create(configMap(space, 'one', { a: '1' }), {}, signal)
    const next = await objects.replace({ ...made, data: { a: '2' } }, {}, signal)
    expect(next['data']).toEqual({ a: '2' })
    expect(await codeOf(objects.replace({ ...made, data: { a: '3' } }, {}, signal))).toBe('KUBE_STALE')
  })

  inNamespace('delete takes one object away, and only the one that was meant', async (objects, space) => {
    const ref = namespaced(space, 'one')
    const former = await objects.create(configMap(space, 'one', {}), {}, signal)
    expect(await objects.delete(ref, { uid: former.metadata.uid }, signal)).toBe('deleted')
    expect(await objects.delete(ref, {}, signal)).toBe('absent')
    await objects.create(configMap(space, 'one', {}), {}, signal)
    expect(await codeOf(objects.delete(ref, { uid: former.metadata.uid }, signal))).toBe('KUBE_STALE')
    expect(await objects.get(ref, signal)).toBeDefined()
  })

  inNamespace('an object with a finalizer is being deleted until that is gone', async (objects, space) => {
    const object = configMap(space, 'held', {})
    const metadata = { ...object.metadata, finalizers: ['example.org/hold'] }
    await objects.create({ ...object, metadata }, {}, signal)
    const ref = namespaced(space, 'held')
    expect(await objects.delete(ref, { propagation: 'Background' }, signal)).toBe('deleting')
    await objects.patch(ref, 'merge', { metadata: { finalizers: null } }, {}, signal)
    expect(await objects.get(ref, signal)).toBeUndefined()
  })

  inNamespace('what the server refuses is told by field, of a Secret never with a value', async (objects, space) => {
    const wrong = await failureOf(objects.create(service(space, 'web', [{ name: 'http', port: 70000 }]), {}, signal))
    expect(wrong.detail.code).toBe('KUBE_INVALID')
    expect(wrong.message).toContain('spec.ports[0].port')
    const unknown = service(space, 'web', [{ name: 'http', port: 80, unheardOf: true }])
    const typo = await failureOf(objects.apply(unknown, {}, signal))
    expect(typo.detail.code).toBe('KUBE_INVALID')
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: space, name: 'key' },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': 'aHVudGVyMg==' },
    }
    const hidden = await failureOf(objects.create(secret, {}, signal))
    expect(hidden.detail.code).toBe('KUBE_INVALID')
    expect(`${hidden.message} ${JSON.stringify(hidden)} ${String(hidden.cause)}`).not.toMatch(/hunter2|aHVudGVyMg/)
  })

  inNamespace('a list has every page, by label, whole or as metadata alone', async (objects, space, lab) => {
    await lab.createMany(
      Array.from({ length: 1_203 }, (_, at) =>
        configMap(space, `c-${at}`, { at: `${at}` }, { even: `${at % 2 === 0}` }),
      ),
    )
    const query = { apiVersion: 'v1', kind: 'ConfigMap', namespace: space }
    const all = await objects.list(query, signal)
    expect(new Set(all.items.map(({ metadata }) => metadata.name)).size).toBe(1_203)
    expect(all.resourceVersion).toMatch(/^\d+$/)
    expect(all.items.some(({ metadata }) => 'managedFields' in metadata)).toBe(false)
    const even = await objects.list({ ...query, labelSelector: 'even=true', metadataOnly: true }, signal)
    expect(even.items.length).toBe(602)
    expect(even.items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { labels: { even: 'true' } } })
    expect(even.items.some((item) => 'data' in item)).toBe(false)
    const kept = await objects.list({ ...query, labelSelector: 'even=false', keepManagedFields: true }, signal)
    expect(kept.items.every(({ metadata }) => Array.isArray(metadata['managedFields']))).toBe(true)
    expect(await codeOf(objects.list({ apiVersion: 'example.org/v9', kind: 'No' }, signal))).toBe('KUBE_KIND_UNKNOWN')
  })

  inNamespace('what is applied is told from what is not, by list and by name', async (objects, space, lab) => {
    const wanted = Array.from({ length: 24 }, (_, at) => configMap(space, `c-${at}`, { at: `${at}`, more: 'x' }))
    const web = service(space, 'web', [
      { name: 'http', port: 80 },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ])
    const everything: readonly KubernetesObject[] = [...wanted, web]
    expect(await objects.unapplied(everything, signal)).toEqual(everything)
    for (const object of everything) await objects.apply(object, {}, signal)
    expect(await objects.unapplied(everything, signal)).toEqual([])

    await lab.as('other').patch(namespaced(space, 'c-1'), 'merge', { data: { at: 'edited' } }, {}, signal)
    await objects.delete(namespaced(space, 'c-2'), {}, signal)
    await lab.as('other').patch(namespaced(space, 'c-3'), 'merge', { data: { foreign: 'x' } }, {}, signal)
    const fewer = configMap(space, 'c-4', { at: '4' })
    const asked = everything.map((object) => (object.metadata.name === 'c-4' ? fewer : object))
    const names = (await objects.unapplied(asked, signal)).map(({ metadata }) => metadata.name)
    expect(names).toEqual(['c-1', 'c-2', 'c-4'])
    expect((await objects.unapplied(wanted.slice(0, 4), signal)).map(({ metadata }) => metadata.name)).toEqual([
      'c-1',
      'c-2',
    ])
  })

  inNamespace('a watched collection follows creations, changes and deletions', async (objects, space) => {
    const stop = new AbortController()
    await objects.create(configMap(space, 'before', { a: '1' }), {}, signal)
    const seen: string[] = []
    const query = { apiVersion: 'v1', kind: 'ConfigMap', namespace: space }
    const store = objects.watch(query, (keys) => seen.push(...keys), stop.signal)
    await store.ready
    expect(store.get(`${space}/before`)).toMatchObject({ kind: 'ConfigMap', data: { a: '1' } })
    await objects.create(configMap(space, 'after', {}), {}, signal)
    await objects.patch(namespaced(space, 'before'), 'merge', { data: { a: '2' } }, {}, signal)
    await expect.poll(() => store.get(`${space}/before`)?.['data']).toEqual({ a: '2' })
    await objects.delete(namespaced(space, 'after'), {}, signal)
    await expect.poll(() => store.get(`${space}/after`)).toBeUndefined()
    expect(store.state()).toEqual({ kind: 'watching' })
    expect([...store.items()].map(({ metadata }) => metadata.name)).toContain('before')
    expect(seen).toEqual(expect.arrayContaining([`${space}/before`, `${space}/after`]))
    stop.abort()
  })

  inNamespace('a watch of metadata alone holds nothing else', async (objects, space) => {
    const stop = new AbortController()
    const query = { apiVersion: 'v1', kind: 'Secret', namespace: space, metadataOnly: true }
    const store = objects.watch(query, () => undefined, stop.signal)
    await store.ready
    const metadata = { namespace: space, name: 's', labels: { a: 'b' } }
    await objects.create({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { p: 'x' } }, {}, signal)
    await expect.poll(() => store.get(`${space}/s`)?.metadata.labels).toEqual({ a: 'b' })
    expect(Object.keys(store.get(`${space}/s`) ?? {}).toSorted()).toEqual(['apiVersion', 'kind', 'metadata'])
    stop.abort()
  })
}

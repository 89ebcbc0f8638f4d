import { afterAll, beforeAll, expect } from 'vitest'
import { systemClock } from '../../src/adapters/clock/system-clock.ts'
import { type KubeObjects, openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import type { KubernetesObject } from '../../src/domain/facts.ts'
import type { KubeObjectsPort } from '../../src/ports/kube-objects-port.ts'
import { type ApplyObjectsOptions, applyObjects } from '../../src/reconcile/objects/apply-objects.ts'
import { type ObjectOutcome, refOf, refText } from '../../src/reconcile/objects/object-outcome.ts'
import { configMap } from '../contract/kube-lab.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'

const signal = new AbortController().signal
let server: TestApiServer
let objects: KubeObjects
let other: KubeObjects

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  const target = { kubeconfigs: [server.kubeconfig] }
  objects = await openKubeObjects(target, signal)
  other = await openKubeObjects(target, signal, { manager: 'other' })
})

afterAll(async () => {
  if (!hasApiServer) return
  await Promise.all([objects.close(), other.close()])
  await server.stop()
})

clusterTest(
  'a definition, its namespace and its object are applied in one pass, and the next one writes nothing',
  async () => {
    const set = [gadget('a', 'one'), configMap('a', 'settings', { a: '1' }), namespace('a'), definition('a')]
    const { outcomes, inventory } = await apply(set)
    expect(shown(outcomes)).toEqual([
      'Created CustomResourceDefinition gadgets.a.example.org',
      'Created Namespace a',
      'Created ConfigMap a/settings',
      'Created Gadget a/one',
    ])
    expect(inventory.map(refText)).toHaveLength(4)

    const counted = counting(objects)
    const again = await apply(set, {}, counted.port)
    expect(again.outcomes.map(({ kind }) => kind)).toEqual(Array(4).fill('Unchanged'))
    expect(counted.writes()).toBe(0)
  },
)

clusterTest('a dry run tells all of it and writes nothing', async () => {
  const set = [gadget('b', 'one'), configMap('b', 'settings', {}), namespace('b'), definition('b')]
  const { outcomes } = await apply(set, { dryRun: true })
  expect(outcomes.map(({ kind }) => kind)).toEqual(Array(4).fill('Created'))
  expect(await objects.get(refOf(namespace('b')), signal)).toBeUndefined()
  await apply([namespace('b')])
  const refused = { ...configMap('b', 'wrong', {}), data: { a: 1 } }
  const planned = await apply([namespace('b'), refused, configMap('b', 'fine', {})], { dryRun: true })
  expect(shown(planned.outcomes)).toEqual([
    'Unchanged Namespace b',
    'Created ConfigMap b/fine',
    'KUBE_INVALID ConfigMap b/wrong',
  ])
})

clusterTest('what is refused does not stop the others, only those that need it', async () => {
  const wrong = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'c_c' } }
  const set = [wrong, configMap('c_c', 'inside', {}), namespace('c'), configMap('c', 'beside', {})]
  const { outcomes, inventory } = await apply(set)
  expect(shown(outcomes)).toEqual([
    'Created Namespace c',
    'KUBE_INVALID Namespace c_c',
    'Created ConfigMap c/beside',
    'NotReached ConfigMap c_c/inside',
  ])
  expect(inventory.map(refText)).toEqual(['ConfigMap c/beside', 'Namespace c'])
})

clusterTest('fields of others are named with their manager and field, and taken when the policy says so', async () => {
  await apply([namespace('d')])
  await other.apply(configMap('d', 'shared', { a: 'theirs' }), {}, signal)
  const ours = configMap('d', 'shared', { a: 'ours' })
  const reported = await apply([ours])
  expect(reported.outcomes).toMatchObject([{ kind: 'Refused', failure: { detail: { code: 'KUBE_CONFLICT' } } }])
  expect(reported.outcomes[0]).toHaveProperty('failure.cause.conflicts', [{ manager: 'other', field: '.data.a' }])
  expect(shown((await apply([ours], { conflicts: 'Take' })).outcomes)).toEqual(['Changed ConfigMap d/shared'])
})

clusterTest('what carries the marks of another GitOps tool is left alone, few objects or many', async () => {
  await apply([namespace('e')])
  const marked = configMap(
    'e',
    'flux',
    { a: 'theirs' },
    {
      'kustomize.toolkit.fluxcd.io/name': 'apps',
      'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
    },
  )
  await other.create(marked, {}, signal)
  const ours = configMap('e', 'flux', { a: 'ours' })
  const one = await apply([ours], { conflicts: 'Take' })
  expect(one.outcomes).toMatchObject([{ kind: 'Foreign', owner: { tool: 'Flux', name: 'flux-system/apps' } }])
  const many = Array.from({ length: 30 }, (_, at) => configMap('e', `m-${at}`, {}))
  const all = await apply([ours, ...many], { conflicts: 'Take' })
  expect(all.outcomes.filter(({ kind }) => kind === 'Foreign')).toHaveLength(1)
  expect(all.outcomes.filter(({ kind }) => kind === 'Created')).toHaveLength(30)
  expect(await objects.get(refOf(ours), signal)).toMatchObject({ data: { a: 'theirs' } })
})

clusterTest(
  'what is wanted no more is pruned, but for what opted out, was never ours, or takes others along',
  async () => {
    const kept = {
      ...configMap('f', 'kept', {}),
      metadata: { namespace: 'f', name: 'kept', annotations: { 'fairlead.dev/prune': 'disabled' } },
    }
    const first = await apply([
      namespace('f'),
      configMap('f', 'gone', { a: '1' }),
      kept,
      configMap('f', 'retaken', {}),
      configMap('f', 'stays', {}),
    ])
    await objects.delete(refOf(configMap('f', 'retaken', {})), {}, signal)
    await other.create(configMap('f', 'retaken', {}), {}, signal)

    const next = await apply([configMap('f', 'stays', {})], { previous: first.inventory })
    expect(shown(next.outcomes)).toEqual([
      'Unchanged ConfigMap f/stays',
      'Pruned ConfigMap f/gone',
      'Kept OptedOut ConfigMap f/kept',
      'Kept NotOurs ConfigMap f/retaken',
      'Kept Unconfirmed Namespace f',
    ])
    expect(next.inventory.map(refText)).not.toContain('ConfigMap f/gone')
    expect(await objects.get(refOf(configMap('f', 'gone', {})), signal)).toBeUndefined()
    expect(await objects.get(refOf(configMap('f', 'retaken', {})), signal)).toBeDefined()

    const definitionOfG = definition('g')
    const made = await apply([definitionOfG])
    expect((await apply([], { previous: made.inventory })).outcomes).toMatchObject([
      { kind: 'Kept', reason: 'Unconfirmed' },
    ])
    await objects.patch(
      refOf(definitionOfG),
      'merge',
      { metadata: { annotations: { 'fairlead.dev/prune': 'confirmed' } } },
      {},
      signal,
    )
    const confirmed = await apply([], { previous: made.inventory })
    expect(confirmed.outcomes.map(({ kind }) => kind)).not.toContain('Kept')
  },
)

async function apply(
  set: readonly KubernetesObject[],
  options: ApplyObjectsOptions = {},
  port: KubeObjectsPort = objects,
): ReturnType<typeof applyObjects> {
  return await applyObjects(set, { readyWithinMs: 5_000, ...options }, { objects: port, clock: systemClock() }, signal)
}

function shown(outcomes: readonly ObjectOutcome[]): readonly string[] {
  return outcomes.map((outcome) => {
    const reason = outcome.kind === 'Kept' ? `Kept ${outcome.reason}` : outcome.kind
    return `${outcome.kind === 'Refused' ? outcome.failure.detail.code : reason} ${refText(outcome.ref)}`
  })
}

function counting(port: KubeObjectsPort): { readonly port: KubeObjectsPort; writes(): number } {
  let writes = 0
  const apply: KubeObjectsPort['apply'] = async (...parameters) => {
    writes += 1
    return await port.apply(...parameters)
  }
  return { port: { ...port, apply }, writes: () => writes }
}

function namespace(name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { team: 'net' } } }
}

function gadget(space: string, name: string): KubernetesObject {
  return {
    apiVersion: `${space}.example.org/v1`,
    kind: 'Gadget',
    metadata: { namespace: space, name },
    spec: { size: 1 },
  }
}

function definition(space: string): KubernetesObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `gadgets.${space}.example.org` },
    spec: {
      group: `${space}.example.org`,
      scope: 'Namespaced',
      names: { kind: 'Gadget', plural: 'gadgets', singular: 'gadget', listKind: 'GadgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  }
}

saySkipped()

import { deflateRawSync, gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { asRecord, type Json } from '../../../src/domain/plain-json.ts'
import { type AppliedCodec, withApplied } from '../../../src/plan/deploy/applied-annotation.ts'
import { gvkOf } from '../../../src/plan/deploy/group-version-kind.ts'
import { changeObject, type ObjectChange } from '../../../src/plan/deploy/object-patch.ts'
import { rulesOf } from './releases.ts'

const codec: AppliedCodec = {
  compress: (text) => gzipSync(text),
  decompress: (bytes) => gunzipSync(bytes).toString('utf8'),
}
/** Says the same in other bytes, as another language's encoder does. */
const otherCodec: AppliedCodec = { ...codec, compress: (text) => gzipSync(text, { level: 0 }) }
const newest = 'v1.36.3+k3s1'

/** What is done to an object that was applied as `before`, with what the server added, and is to be `after`. */
function change(
  before: Json,
  after: Json,
  options: { version?: string; live?: Json; applied?: boolean } = {},
): ObjectChange {
  const { version = newest, live = {}, applied = true } = options
  const rules = rulesOf(version)
  const there = applied ? withApplied(before, rules, otherCodec) : before
  const gvk = gvkOf(after)
  if (gvk === undefined) throw new Error('the object has no kind')
  return changeObject(gvk, after, { ...there, ...live }, rules, codec)
}

const service = (type?: string): Json => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's' },
  spec: { ports: [{ port: 80 }], ...(type === undefined ? {} : { type }) },
})
const secret = (type?: string): Json => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's' },
  ...(type === undefined ? {} : { type }),
  data: { k: type ?? '' },
})
const job = (image: string, annotation = ''): Json => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j', annotations: { note: annotation } },
  spec: {
    template: {
      spec: { containers: [{ name: 'c', image: 'i', args: [image], command: ['run'], workingDir: `/${image}` }] },
    },
  },
})
const long = 'w'.repeat(100)

describe('what is done to a live object', () => {
  test('nothing where only the bytes of the mark differ', () => {
    expect(change(secret(), secret())).toEqual({ kind: 'none' })
  })

  test('a patch of what changed, and of the mark', () => {
    const done = change(service(), service('NodePort'), {
      applied: false,
      live: { spec: { ports: [{ port: 80 }], type: 'NodePort' } },
    })
    expect(done).toEqual({
      kind: 'patch',
      patchType: 'strategic',
      patch: { metadata: { annotations: { 'objectset.rio.cattle.io/applied': expect.stringMatching(/^H4sI/) } } },
    })
  })

  test('a JSON merge patch for a kind that is not built in', () => {
    const chart = (values: string): Json => ({
      apiVersion: 'helm.cattle.io/v1',
      kind: 'HelmChart',
      metadata: { name: 'c' },
      spec: { values },
    })
    expect(change(chart('1'), chart('2'))).toMatchObject({
      kind: 'patch',
      patchType: 'merge',
      patch: { spec: { values: '2' } },
    })
  })

  for (const [name, before, after, expected, options] of [
    ['another type of Service', service('NodePort'), service('ClusterIP'), 'replace', {}],
    ['a type of Service that was not written before', service(), service('ClusterIP'), 'replace', {}],
    ['a type of Service that is no longer written', service('NodePort'), service(), 'patch', {}],
    ['another type of Secret', secret('a/b'), secret('c/d'), 'replace', {}],
    ['another type of Secret before 1.22', secret('a/b'), secret('c/d'), 'patch', { version: 'v1.21.14+k3s1' }],
    ['a Job with another template', job('a'), job('b'), 'replace', {}],
    ['a Job with the same template of long texts', job(long), job(long, 'new'), 'patch', {}],
    ['a Secret that was not ours, with the type it has', secret('a/b'), secret('a/b'), 'patch', { applied: false }],
  ] as const) {
    test(`${expected}: ${name}`, () => {
      expect(change(before, after, options).kind).toBe(expected)
    })
  }

  test('the selector is compared with what was applied, not with what is live', () => {
    const deployment = (app: string, replicas = 1): Json => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec: { selector: { matchLabels: { app } }, replicas },
    })
    const defaulted = { spec: { selector: { matchLabels: { app: 'a' }, matchExpressions: [] }, replicas: 1 } }
    expect(change(deployment('a'), deployment('a', 2), { live: defaulted })).toMatchObject({
      kind: 'patch',
      patch: { spec: { replicas: 2 } },
    })
    expect(change(deployment('a'), deployment('b')).kind).toBe('replace')
  })

  test('neither kind nor apiVersion nor creationTimestamp is patched, and status not since 1.22', () => {
    const after = {
      ...secret(),
      apiVersion: 'v1',
      status: { x: 1 },
      metadata: { name: 's', creationTimestamp: 'never', labels: { l: '1' } },
    }
    const patchOf = (version: string): Json => {
      const live = { apiVersion: 'v0', kind: 'Other', metadata: { name: 's', creationTimestamp: 'then' } }
      const done = change(secret(), after, { version, live, applied: false })
      return done.kind === 'patch' ? done.patch : {}
    }
    expect(Object.keys(patchOf(newest))).toEqual(['metadata'])
    expect(Object.keys(asRecord(patchOf(newest)['metadata']))).toEqual(['labels', 'annotations'])
    expect(patchOf('v1.21.14+k3s1')['status']).toEqual({ x: 1 })
  })

  test('a mark that cannot be read is no record of anything', () => {
    const broken = {
      metadata: {
        name: 's',
        annotations: { 'objectset.rio.cattle.io/applied': deflateRawSync('x').toString('base64') },
      },
    }
    const done = change(secret('a/b'), secret('a/b'), { live: broken })
    expect(done).toMatchObject({ kind: 'patch', patch: { metadata: { annotations: {} } } })
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asRecord, isRecord, type Json } from '../../../src/domain/plain-json.ts'
import { type MergeShape, mergeShape } from '../../../src/plan/deploy/merge-shapes.ts'
import { type ThreeWay, threeWayPatch } from '../../../src/plan/deploy/three-way-patch.ts'
import { applyPatch } from '../../conformance/apply-patch.ts'

const shapeOf = (group: string, kind: string): MergeShape => mergeShape({ group, version: 'v1', kind }) ?? {}
const deployment = shapeOf('apps', 'Deployment')
const service = shapeOf('', 'Service')

const pod = (containers: readonly Json[]): Json => ({ spec: { template: { spec: { containers } } } })

const cases: readonly (readonly [string, MergeShape, ThreeWay, Json])[] = [
  ['equal objects', {}, { original: {}, desired: { a: 1 }, live: { a: 1, b: 2 } }, {}],
  ['a changed field', {}, { original: { a: 1 }, desired: { a: 2 }, live: { a: 1 } }, { a: 2 }],
  ['a drifted field', {}, { original: { a: 1 }, desired: { a: 1 }, live: { a: 3 } }, { a: 1 }],
  [
    'a field that was taken back',
    {},
    { original: { a: 1, b: 1 }, desired: { a: 1 }, live: { a: 1, b: 1 } },
    { b: null },
  ],
  ['a field taken back that is gone already', {}, { original: { b: 1 }, desired: {}, live: {} }, {}],
  ['a field of somebody else', {}, { original: {}, desired: {}, live: { theirs: 1 } }, {}],
  ['a list without a merge key', {}, { original: {}, desired: { l: [2] }, live: { l: [1] } }, { l: [2] }],
  ['a null that is written out', {}, { original: {}, desired: { a: null }, live: { a: 1 } }, { a: null }],
  ['a null where nothing is', {}, { original: {}, desired: { a: null, o: { b: null } }, live: {} }, { o: {} }],
  [
    'one container of two',
    deployment,
    {
      original: pod([{ name: 'a', image: '1' }]),
      desired: pod([{ name: 'a', image: '2' }]),
      live: pod([
        { name: 'sidecar', image: 'x' },
        { name: 'a', image: '1', imagePullPolicy: 'Always' },
      ]),
    },
    {
      spec: {
        template: {
          spec: { containers: [{ name: 'a', image: '2' }], '$setElementOrder/containers': [{ name: 'a' }] },
        },
      },
    },
  ],
  [
    'a container that was taken back',
    deployment,
    {
      original: pod([{ name: 'a' }, { name: 'b' }]),
      desired: pod([{ name: 'a' }]),
      live: pod([{ name: 'a' }, { name: 'b' }]),
    },
    {
      spec: {
        template: {
          spec: { containers: [{ name: 'b', $patch: 'delete' }], '$setElementOrder/containers': [{ name: 'a' }] },
        },
      },
    },
  ],
  [
    'another strategy leaves nothing of the old one',
    deployment,
    {
      original: {},
      desired: { spec: { strategy: { type: 'Recreate' } } },
      live: { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } },
    },
    { spec: { strategy: { type: 'Recreate', $retainKeys: ['type'] } } },
  ],
  [
    'one port for TCP and UDP, which the merge key does not tell apart',
    service,
    {
      original: {},
      desired: {
        spec: {
          ports: [
            { port: 53, protocol: 'TCP' },
            { port: 53, protocol: 'UDP' },
          ],
        },
      },
      live: { spec: { ports: [{ port: 53, protocol: 'TCP' }] } },
    },
    { spec: { ports: [{ port: 53, protocol: 'TCP' }, { port: 53, protocol: 'UDP' }, { $patch: 'replace' }] } },
  ],
  [
    'ports like these that the server filled in',
    service,
    {
      original: {},
      desired: {
        spec: {
          ports: [
            { port: 53, protocol: 'TCP' },
            { port: 53, protocol: 'UDP' },
          ],
        },
      },
      live: {
        spec: {
          ports: [
            { port: 53, protocol: 'TCP', targetPort: 53 },
            { port: 53, protocol: 'UDP', targetPort: 53 },
          ],
        },
      },
    },
    {},
  ],
  [
    'finalizers are a set',
    service,
    {
      original: { metadata: { finalizers: ['old', 'mine'] } },
      desired: { metadata: { finalizers: ['mine', 'new'] } },
      live: { metadata: { finalizers: ['theirs', 'old', 'mine'] } },
    },
    {
      metadata: {
        finalizers: ['new'],
        '$setElementOrder/finalizers': ['mine', 'new'],
        '$deleteFromPrimitiveList/finalizers': ['old'],
      },
    },
  ],
]

describe('three-way patch', () => {
  for (const [name, shape, objects, expected] of cases) {
    test(name, () => {
      expect(threeWayPatch(objects, shape)).toEqual(expected)
    })
  }
})

const scalar = fc.oneof(fc.integer({ min: 0, max: 2 }), fc.constantFrom('x', 'y'), fc.boolean())
const { tree } = fc.letrec<{ tree: Json; value: unknown }>((tie) => ({
  tree: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }) as fc.Arbitrary<Json>,
  value: fc.oneof({ depthSize: 'small' }, scalar, fc.array(scalar, { maxLength: 2 }), tie('tree')),
}))
const items = fc.uniqueArray(fc.record({ name: fc.constantFrom('p', 'q', 'r', 's'), v: scalar }), {
  selector: ({ name }) => name,
  maxLength: 4,
})
const listed: MergeShape = { fields: { list: { mergeKey: 'name' } } }
const withList: fc.Arbitrary<Json> = fc.record({ list: items, rest: tree })

describe('laws of the three-way patch', () => {
  for (const [name, shape, object] of [
    ['JSON merge', {}, tree],
    ['strategic merge', listed, withList],
  ] as const) {
    test(`${name}: after it there is nothing left to do`, () => {
      fc.assert(
        fc.property(object, object, object, (original, desired, live) => {
          const after = applyPatch(live, threeWayPatch({ original, desired, live }, shape), shape)
          expect(threeWayPatch({ original: desired, desired, live: after }, shape)).toEqual({})
          expect(threeWayPatch({ original, desired, live: after }, shape)).toEqual({})
        }),
      )
    })

    test(`${name}: everything desired is there, and what nobody set is left alone`, () => {
      fc.assert(
        fc.property(object, object, object, (original, desired, live) => {
          const after = applyPatch(live, threeWayPatch({ original, desired, live }, shape), shape)
          expect(lacks(after, desired)).toEqual([])
          for (const key of Object.keys(live)) {
            if (!Object.hasOwn(desired, key) && !Object.hasOwn(original, key)) expect(after[key]).toEqual(live[key])
          }
          for (const key of Object.keys(original)) {
            if (!Object.hasOwn(desired, key)) expect(after).not.toHaveProperty([key])
          }
        }),
      )
    })
  }
})

/** Paths of what is desired and not there; list items by name. */
function lacks(there: unknown, desired: unknown, path = ''): readonly string[] {
  if (isRecord(desired)) {
    return Object.entries(desired).flatMap(([key, value]) => lacks(asRecord(there)[key], value, `${path}.${key}`))
  }
  if (Array.isArray(desired) && desired.every(isRecord) && Array.isArray(there)) {
    return desired.flatMap((item) =>
      lacks(
        there.find((other) => asRecord(other)['name'] === item['name']),
        item,
        `${path}.${String(item['name'])}`,
      ),
    )
  }
  return JSON.stringify(there) === JSON.stringify(desired) ? [] : [path]
}

import { expect, test } from 'vitest'
import { isApplied } from '../../../src/adapters/kube/applied-fields.ts'
import type { KubernetesObject } from '../../../src/domain/facts.ts'
import type { LiveObject } from '../../../src/ports/kube-objects-port.ts'

const desired: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' }, finalizers: ['example.org/a'] },
  spec: {
    selector: { app: 'web' },
    ports: [
      { port: 80, protocol: 'TCP', name: 'http' },
      { port: 53, protocol: 'UDP' },
    ],
    externalIPs: [],
  },
} as KubernetesObject

/** As a server writes it down. */
const fields = {
  'f:metadata': {
    'f:labels': { 'f:app': {} },
    'f:finalizers': { 'v:"example.org/a"': {} },
  },
  'f:spec': {
    'f:selector': {},
    'f:ports': {
      'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {}, 'f:protocol': {}, 'f:name': {} },
      'k:{"port":53,"protocol":"UDP"}': { '.': {}, 'f:port': {}, 'f:protocol': {} },
    },
    'f:externalIPs': {},
  },
}
const entry = { manager: 'fairlead', operation: 'Apply', apiVersion: 'v1', fieldsV1: fields }

function live(change: {
  readonly spec?: object
  readonly metadata?: object
  readonly managed?: readonly object[]
}): LiveObject {
  return {
    ...desired,
    metadata: {
      ...desired.metadata,
      uid: 'u',
      resourceVersion: '1',
      managedFields: change.managed ?? [entry, { manager: 'other', operation: 'Update', fieldsV1: {} }],
      ...change.metadata,
    },
    spec: { ...(desired['spec'] as object), clusterIP: '10.43.0.9', type: 'ClusterIP', ...change.spec },
    status: { loadBalancer: {} },
  }
}

const http = { port: 80, protocol: 'TCP', name: 'http', targetPort: 80 }
const dns = { port: 53, protocol: 'UDP', targetPort: 53 }

test('what the server added and what others own makes no difference', () => {
  const metadata = { labels: { app: 'web', theirs: 'x' }, finalizers: ['example.org/b', 'example.org/a'] }
  expect(isApplied(desired, live({ spec: { ports: [dns, http] }, metadata }), 'fairlead')).toBe(true)
})

const differences = [
  { name: 'a value was edited', change: { spec: { ports: [{ ...http, name: 'edited' }, dns] } } },
  { name: 'an item is gone', change: { spec: { ports: [http] } } },
  { name: 'a label is gone', change: { metadata: { labels: {} } } },
  { name: 'a whole that is ours has more in it', change: { spec: { selector: { app: 'web', more: 'x' } } } },
  { name: 'an item of a set is gone', change: { metadata: { finalizers: [] } } },
  { name: 'nobody applied it', change: { managed: [] } },
  { name: 'it was written by another way', change: { managed: [{ ...entry, operation: 'Update' }] } },
  { name: 'it was applied in another version', change: { managed: [{ ...entry, apiVersion: 'v2' }] } },
  { name: 'two entries are ours', change: { managed: [entry, entry] } },
  {
    name: 'we own a field that is not wanted any more',
    change: { managed: [{ ...entry, fieldsV1: { ...fields, 'f:data': {} } }] },
  },
  { name: 'we lost a field', change: { managed: [{ ...entry, fieldsV1: { 'f:spec': fields['f:spec'] } }] } },
  {
    name: 'the fields are written in an unknown way',
    change: { managed: [{ ...entry, fieldsV1: { 'x:spec': { y: {} } } }] },
  },
] as const

for (const { name, change } of differences) {
  test(`it is to be applied again when ${name}`, () => {
    expect(isApplied(desired, live(change), 'fairlead')).toBe(false)
  })
}

test('fields of another manager are not ours', () => {
  expect(isApplied(desired, live({}), 'other')).toBe(false)
})

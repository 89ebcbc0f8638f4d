import { expect, test } from 'vitest'
import { writeFailure } from '../../../src/adapters/kube/status-failure.ts'

const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'settings' }
const status = (fields: object): string => JSON.stringify({ kind: 'Status', apiVersion: 'v1', ...fields })
const details = { name: 'settings', kind: 'configmaps' }

const cases = [
  { name: 'a version that is old', http: 409, text: status({ reason: 'Conflict', details }), code: 'KUBE_STALE' },
  { name: 'a name that is taken', http: 409, text: status({ reason: 'AlreadyExists', details }), code: 'KUBE_EXISTS' },
  { name: 'an object that is gone', http: 404, text: status({ reason: 'NotFound', details }), code: 'KUBE_MISSING' },
  {
    name: 'a namespace that is missing',
    http: 404,
    text: status({ reason: 'NotFound', details: { name: 'shop', kind: 'namespaces' } }),
    code: 'KUBE_NAMESPACE_MISSING',
  },
  { name: 'a path that is missing', http: 404, text: '404 page not found\n', code: 'KUBE_KIND_UNKNOWN' },
  {
    name: 'a namespace that is being deleted',
    http: 403,
    text: status({ reason: 'Forbidden', details: { ...details, causes: [{ reason: 'NamespaceTerminating' }] } }),
    code: 'KUBE_TERMINATING',
  },
  { name: 'rights that are missing', http: 403, text: status({ reason: 'Forbidden', details }), code: 'KUBE_DENIED' },
  { name: 'credentials that are unknown', http: 401, text: status({}), code: 'KUBE_UNAUTHORIZED' },
  { name: 'a field that is wrong', http: 422, text: status({ reason: 'Invalid', details }), code: 'KUBE_INVALID' },
  { name: 'a body that is too large', http: 413, text: '', code: 'KUBE_INVALID' },
  { name: 'a way to patch that the server lacks', http: 415, text: status({}), code: 'KUBE_INVALID' },
  {
    name: 'a document that does not fit the schema, before 1.21',
    http: 500,
    text: status({ message: 'failed to create typed patch object: .spec.x: field not declared in schema' }),
    code: 'KUBE_INVALID',
  },
  { name: 'a server that broke', http: 500, text: 'panic', code: 'KUBE_SERVER_ERROR' },
  {
    name: 'a server without its datastore',
    http: 500,
    text: status({ message: 'etcdserver: x' }),
    code: 'KUBE_SERVER_ERROR',
  },
  { name: 'a server that has too much to do', http: 429, text: status({}), code: 'KUBE_OVERLOADED' },
  { name: 'a gateway that waited too long', http: 504, text: '<html>', code: 'KUBE_TIMEOUT' },
] as const

for (const { name, http, text, code } of cases) {
  test(`${name} (HTTP ${http}) is ${code} at the object`, () => {
    expect(writeFailure({ status: http, text }, ref).detail).toMatchObject({ code, where: 'ConfigMap shop/settings' })
  })
}

test('a conflict names every manager and field, in its message the first five', () => {
  const causes = Array.from({ length: 7 }, (_, at) => ({
    reason: 'FieldManagerConflict',
    message:
      at === 0
        ? 'conflict with "kubectl-edit" using v1'
        : 'conflict with "other" with subresource "status" using v1 at 2026-01-02T03:04:05Z',
    field: `.data.k${at}`,
  }))
  const failure = writeFailure(
    { status: 409, text: status({ reason: 'Conflict', details: { ...details, causes } }) },
    ref,
  )
  expect(failure.detail).toMatchObject({ code: 'KUBE_CONFLICT', retry: 'when-changed' })
  expect(failure.message).toContain('.data.k0 ("kubectl-edit"), .data.k1 ("other")')
  expect(failure.message).toMatch(/and 2 more$/)
  expect(failure.cause).toMatchObject({
    conflicts: causes.map(({ field }, at) => ({ manager: at === 0 ? 'kubectl-edit' : 'other', field })),
  })
})

test('of a Secret, the fields are told and nothing of what was said', () => {
  const answer = {
    status: 422,
    text: status({
      message: 'Secret "db" is invalid: data[key]: Invalid value: "hunter2": no',
      details: { name: 'db', causes: [{ reason: 'FieldValueInvalid', message: 'hunter2', field: 'data[key]' }] },
    }),
  }
  const failure = writeFailure(answer, { apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name: 'db' })
  expect(failure.message).toBe('the API server does not take this object: data[key] FieldValueInvalid')
})

test('of everything else, values are masked', () => {
  const message = 'ConfigMap "settings" is invalid: data[x]: Invalid value: "hunter2": too long'
  const failure = writeFailure({ status: 422, text: status({ message }) }, ref)
  expect(failure.message).toContain('data[x]')
  expect(failure.message).not.toContain('hunter2')
})

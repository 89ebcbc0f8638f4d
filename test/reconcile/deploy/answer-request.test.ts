import { describe, expect, test } from 'vitest'
import { Failure } from '../../../src/domain/failure.ts'
import { refusalOf } from '../../../src/reconcile/deploy/answer-request.ts'

const cases = [
  ['KUBE_EXISTS', 409, 'AlreadyExists'],
  ['KUBE_MISSING', 404, 'NotFound'],
  ['KUBE_NAMESPACE_MISSING', 404, 'NotFound'],
  ['KUBE_KIND_UNKNOWN', 404, 'NotFound'],
  ['KUBE_STALE', 409, 'Conflict'],
  ['KUBE_DENIED', 500, 'KUBE_DENIED'],
  ['KUBE_UNREACHABLE', 500, 'KUBE_UNREACHABLE'],
] as const

describe('a failure of the adapter is an answer to the deploy engine', () => {
  for (const [code, status, reason] of cases) {
    test(code, () => {
      const failure = new Failure('what happened', { code, where: 'ConfigMap a', fix: 'look', retry: 'soon' })
      expect(refusalOf(failure)).toEqual({ ok: false, status, reason, message: 'what happened' })
    })
  }

  test('anything else is a defect and goes on', () => {
    expect(() => refusalOf(new TypeError('no function'))).toThrow(TypeError)
  })
})

import { Failure } from '../../domain/failure.ts'

/**
 * Whether a failure is about one object, and says nothing about the next one. Everything else (no connection, no rights at
 * all, a lead that was lost) ends a pass: each further object would fail the same way, after its own wait.
 */
export function concernsObject(error: unknown): error is Failure {
  return error instanceof Failure && ofOneObject.has(error.detail.code)
}

const ofOneObject = new Set([
  'KUBE_CONFLICT',
  'KUBE_DENIED',
  'KUBE_EXISTS',
  'KUBE_FORBIDDEN',
  'KUBE_INVALID',
  'KUBE_KIND_UNKNOWN',
  'KUBE_MISSING',
  'KUBE_NAMESPACE_MISSING',
  'KUBE_SERVER_ERROR',
  'KUBE_STALE',
  'KUBE_TERMINATING',
  'KUBE_TIMEOUT',
])

import type { Failure } from '../../domain/failure.ts'
import { asList, asRecord, type Json, textIn } from '../../domain/plain-json.ts'
import type { FieldConflict, ObjectRef } from '../../ports/kube-objects-port.ts'
import type { ApiAnswer } from './api-exchange.ts'
import { type KubeFailureCode, kubeFailure } from './kube-failures.ts'
import { openMessage } from './open-message.ts'

/** Of these, not even what the server says about a field is passed on. */
const unspoken = new Set(['Secret'])

/**
 * What a write that the server refused means. Its words are masked where they may quote a value, and left out for
 * Secrets; 404s that mean "no such object" are the caller's.
 * @see k8s.io/apimachinery pkg/apis/meta/v1/types.go `StatusReason`, `CauseType`
 */
export function writeFailure(answer: Pick<ApiAnswer, 'status' | 'text'>, ref: ObjectRef): Failure {
  const where = shownRef(ref)
  const status = statusIn(answer.text)
  const code = codeOf(answer.status, status, ref)
  if (code === 'KUBE_CONFLICT') {
    const conflicts = conflictsIn(status)
    return kubeFailure(code, where, shownConflicts(conflicts), { conflicts })
  }
  return kubeFailure(code, where, noteOf(code, answer.status, status, ref))
}

/** `ConfigMap shop/settings`, `Node agent-1`. */
export function shownRef({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}

/** The Status of an answer; empty for everything else, such as the plain text of a proxy or of an absent group. */
export function statusIn(text: string): Json {
  try {
    const status = asRecord(JSON.parse(text))
    return status['kind'] === 'Status' ? status : {}
  } catch {
    return {}
  }
}

function codeOf(httpStatus: number, status: Json, ref: ObjectRef): KubeFailureCode {
  switch (httpStatus) {
    case 400:
    case 413:
    case 415:
    case 422:
      return 'KUBE_INVALID'
    case 401:
      return 'KUBE_UNAUTHORIZED'
    case 403:
      return causesIn(status).some(({ reason }) => reason === 'NamespaceTerminating')
        ? 'KUBE_TERMINATING'
        : 'KUBE_DENIED'
    case 404:
      return missingCode(status, ref)
    case 405:
      return 'KUBE_KIND_UNKNOWN'
    case 409:
      return clashCode(status)
    case 429:
      return 'KUBE_OVERLOADED'
    case 504:
      return 'KUBE_TIMEOUT'
    default:
      if (httpStatus < 500) return 'KUBE_ANSWER_INVALID'
      return isSchemaError(status) ? 'KUBE_INVALID' : 'KUBE_SERVER_ERROR'
  }
}

function missingCode(status: Json, ref: ObjectRef): KubeFailureCode {
  const details = asRecord(status['details'])
  if (details['kind'] === 'namespaces' && ref.kind !== 'Namespace') return 'KUBE_NAMESPACE_MISSING'
  return textIn(details['name']) === undefined ? 'KUBE_KIND_UNKNOWN' : 'KUBE_MISSING'
}

function clashCode(status: Json): KubeFailureCode {
  if (status['reason'] === 'AlreadyExists') return 'KUBE_EXISTS'
  return conflictsIn(status).length > 0 ? 'KUBE_CONFLICT' : 'KUBE_STALE'
}

/** Server-side apply before 1.21 answers 500 to a document that does not fit the schema. */
function isSchemaError(status: Json): boolean {
  return /failed to create typed (patch|live) object|field not declared in schema/.test(textIn(status['message']) ?? '')
}

interface Cause {
  readonly reason: string
  readonly message: string
  readonly field: string
}

function causesIn(status: Json): readonly Cause[] {
  return asList(asRecord(status['details'])['causes']).map((value) => {
    const { reason, message, field } = asRecord(value)
    return { reason: textIn(reason) ?? '', message: textIn(message) ?? '', field: textIn(field) ?? '' }
  })
}

/** `conflict with "kubectl" using apps/v1 at 2026-01-02T03:04:05Z`, `conflict with "controller" with subresource …`. */
function conflictsIn(status: Json): readonly FieldConflict[] {
  return causesIn(status)
    .filter(({ reason }) => reason === 'FieldManagerConflict')
    .map(({ message, field }) => ({ manager: /"([^"]*)"/.exec(message)?.[1] ?? '', field }))
}

const maxShown = 5

function shownConflicts(conflicts: readonly FieldConflict[]): string {
  const shown = conflicts.slice(0, maxShown).map(({ manager, field }) => `${field} (${JSON.stringify(manager)})`)
  const more = conflicts.length - shown.length
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ')
}

function noteOf(code: KubeFailureCode, httpStatus: number, status: Json, { kind }: ObjectRef): string | undefined {
  if (code === 'KUBE_SERVER_ERROR' || code === 'KUBE_ANSWER_INVALID') return `HTTP ${httpStatus}`
  if (code !== 'KUBE_INVALID' && code !== 'KUBE_DENIED') return undefined
  if (unspoken.has(kind)) return fieldsOf(status)
  const message = textIn(status['message'])
  return message === undefined ? `HTTP ${httpStatus}` : openMessage(message)
}

function fieldsOf(status: Json): string | undefined {
  // A key of a Secret is no value, and without it nobody could correct anything.
  const fields = causesIn(status).map(({ field, reason }) => `${field} ${reason}`.trim())
  return fields.length === 0 ? undefined : fields.slice(0, maxShown).join(', ')
}

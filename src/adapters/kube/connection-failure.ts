import { Failure } from '../../domain/failure.ts'
import { kubeFailure } from './kube-failures.ts'

export class AnswerTooLarge extends Error {}

/** The server went away in the middle, as it does when it restarts, or closed a connection that was kept open. */
export function isBrokenOff(error: unknown): boolean {
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOf(error))
}

const tlsCodes =
  /^(?:CERT_|ERR_TLS_|ERR_SSL_|EPROTO$|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH$|INVALID_CA$|ERR_OSSL_)/

/** What kept a request from being answered, as a Failure; one that is a Failure already stays as it is. */
export function connectionFailure(error: unknown, where: string, answerBytes: number): Failure {
  if (error instanceof Failure) return error
  if (error instanceof AnswerTooLarge) {
    return kubeFailure('KUBE_ANSWER_INVALID', where, `it is larger than ${answerBytes} bytes`)
  }
  const code = codeOf(error)
  if (isTimeout(error, code)) return kubeFailure('KUBE_TIMEOUT', where, undefined, error)
  if (tlsCodes.test(code)) return kubeFailure('KUBE_TLS', where, code, error)
  // The error of the parser holds what it read.
  if (error instanceof Error && error.name === 'HTTPParserError') {
    return kubeFailure('KUBE_ANSWER_INVALID', where, 'it does not speak HTTP')
  }
  return kubeFailure('KUBE_UNREACHABLE', where, code === '' ? undefined : code, error)
}

function isTimeout(error: unknown, code: string): boolean {
  if (error instanceof Error && error.name === 'TimeoutError') return true
  return ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'].includes(code)
}

/** The innermost one: undici wraps what the system said, and several addresses of one name fail together. */
function codeOf(error: unknown): string {
  const { code, cause, errors } = (typeof error === 'object' && error !== null ? error : {}) as {
    readonly code?: unknown
    readonly cause?: unknown
    readonly errors?: unknown
  }
  const inner = codeOfInner(cause) || codeOfInner(Array.isArray(errors) ? errors[0] : undefined)
  return inner || (typeof code === 'string' ? code : '')
}

function codeOfInner(value: unknown): string {
  return value === undefined || value === null ? '' : codeOf(value)
}

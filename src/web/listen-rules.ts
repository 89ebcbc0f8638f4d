import { isIP, isIPv4 } from 'node:net'
import { Failure } from '../domain/failure.ts'

export interface ListenRequest {
  readonly host: string
  readonly hasTls: boolean
  readonly allowInsecure: boolean
  readonly hasToken: boolean
}

/** Names and addresses that never leave the machine. */
export function isLoopback(host: string): boolean {
  const bare = withoutBrackets(host).toLowerCase()
  return bare === 'localhost' || bare === '::1' || (isIPv4(bare) && bare.startsWith('127.'))
}

/**
 * Beyond loopback a listener needs TLS or an explicit word, and its page a token.
 * @throws Failure LISTEN_INSECURE, LISTEN_TOKEN_MISSING
 */
export function assertMayListen(request: ListenRequest): void {
  if (isLoopback(request.host)) return
  if (!request.hasTls && !request.allowInsecure) {
    throw new Failure(`${request.host} can be reached from other machines, and the listener has no TLS`, {
      code: 'LISTEN_INSECURE',
      where: request.host,
      fix: 'name a certificate with --tls-cert-file and its key with --tls-key-file, allow plain HTTP with --insecure-http, or listen on 127.0.0.1',
      retry: 'never',
    })
  }
  if (!request.hasToken) {
    throw new Failure(`${request.host} can be reached from other machines, and the page has no token`, {
      code: 'LISTEN_TOKEN_MISSING',
      where: request.host,
      fix: 'name a file that holds a token of at least 16 characters with --token-file, or listen on 127.0.0.1',
      retry: 'never',
    })
  }
}

/**
 * A web page elsewhere can make its own name point at 127.0.0.1 and then read what we answer (DNS rebinding). The Host
 * header still says that name, so a loopback listener only answers to names and addresses of loopback.
 */
export function isLoopbackHostHeader(header: string | undefined): boolean {
  if (header === undefined) return false
  const host = /^(\[[0-9a-f:.]+\]|[^:@/\\\s]+)(?::\d{1,5})?$/i.exec(header)?.[1]
  return host !== undefined && isLoopback(host)
}

/** `127.0.0.1:8080`, `[::1]:8080`. */
export function hostAndPort(host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
}

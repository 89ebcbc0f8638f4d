import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export const cookieName = 'fairlead_page'

/** Shorter ones can be guessed over a network. */
export const minTokenLength = 16

/** How a request proved that it knows the token; `query` asks for a cookie in exchange, and a URL without the token. */
export type TokenProof = 'header' | 'cookie' | 'query' | 'none'

/**
 * `Authorization: Bearer <token>`, `Authorization: Basic` with the token as password (git clients know nothing else),
 * the page's cookie, or `?token=` once.
 */
export function tokenProof(token: string, headers: IncomingHttpHeaders, url: URL): TokenProof {
  const offered = tokenFromHeader(headers.authorization)
  if (offered !== undefined) return sameSecret(offered, token) ? 'header' : 'none'
  const query = url.searchParams.get('token')
  if (query !== null) return sameSecret(query, token) ? 'query' : 'none'
  const cookie = cookieValue(headers.cookie)
  return cookie !== undefined && sameSecret(cookie, sessionOf(token)) ? 'cookie' : 'none'
}

/** Derived from the token, so that a new token ends all sessions and a stolen cookie does not reveal it. */
export function sessionCookie(token: string, secure: boolean): string {
  return `${cookieName}=${sessionOf(token)}; Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
}

/** Compares digests, so that neither content nor length shows in the time it takes. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())
}

function sessionOf(token: string): string {
  return createHmac('sha256', token).update('fairlead page session').digest('hex')
}

function tokenFromHeader(authorization: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^(bearer|basic)\s+(\S+)\s*$/i.exec(authorization ?? '') ?? []
  if (scheme.toLowerCase() === 'bearer') return value
  if (scheme.toLowerCase() !== 'basic') return undefined
  const pair = Buffer.from(value, 'base64').toString('utf8')
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : undefined
}

function cookieValue(header: string | undefined): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const [name, value] = pair.trim().split('=')
    if (name === cookieName) return value
  }
  return undefined
}

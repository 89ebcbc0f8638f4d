import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export type Provider = 'forgejo' | 'gitea' | 'github' | 'gitlab' | 'generic'

/** How a delivery says that it comes from somebody who knows the secret. */
export type Claim =
  | {
      readonly provider: Provider
      readonly kind: 'hmac'
      readonly algorithm: 'sha256' | 'sha512'
      readonly mac: Buffer
    }
  | { readonly provider: 'gitlab'; readonly kind: 'token'; readonly token: string }

/**
 * The one claim that is checked; undefined when there is none, or it is not in its provider's form. Forgejo and Gitea
 * also send the headers of those they descend from, so the most particular header decides, and no other is tried.
 *
 * @see docs.github.com "Validating webhook deliveries", docs.gitlab.com "Webhooks", docs.gitea.com "Webhooks",
 *   forgejo.org "Webhooks", fluxcd.io "Receivers" (generic-hmac)
 */
export function readClaim(headers: IncomingHttpHeaders): Claim | undefined {
  const forgejo = header(headers, 'x-forgejo-signature')
  if (forgejo !== undefined) return hmacClaim('forgejo', 'sha256', forgejo)
  const gitea = header(headers, 'x-gitea-signature')
  if (gitea !== undefined) return hmacClaim('gitea', 'sha256', gitea)
  const github = header(headers, 'x-hub-signature-256')
  if (github !== undefined) return prefixedClaim('github', github, ['sha256'])
  const gitlab = header(headers, 'x-gitlab-token')
  if (gitlab !== undefined) return gitlab === '' ? undefined : { provider: 'gitlab', kind: 'token', token: gitlab }
  const generic = header(headers, 'x-signature')
  return generic === undefined ? undefined : prefixedClaim('generic', generic, ['sha256', 'sha512'])
}

/** Whether `claim` holds, in a time that does not depend on where it goes wrong. */
export function claimHolds(claim: Claim, secret: string, bodyMac: Buffer | undefined): boolean {
  if (claim.kind === 'token') return timingSafeEqual(digest(claim.token), digest(secret))
  return bodyMac !== undefined && timingSafeEqual(digest(claim.mac), digest(bodyMac))
}

/** A sender's name for this delivery, the same when it is sent again; undefined where none is given. */
export function deliveryId(claim: Claim, headers: IncomingHttpHeaders): string | undefined {
  const id = header(headers, deliveryHeaders[claim.provider])
  return id === undefined || id === '' || id.length > 128 ? undefined : `${claim.provider} ${id}`
}

/** Sent by a forge when somebody sets the webhook up; there is nothing to fetch. */
export function isPing(headers: IncomingHttpHeaders): boolean {
  return header(headers, 'x-github-event') === 'ping'
}

/** GitLab's own event id is shared by all events of a chain; its Idempotency-Key names one delivery. */
const deliveryHeaders: Readonly<Record<Provider, string>> = {
  forgejo: 'x-forgejo-delivery',
  gitea: 'x-gitea-delivery',
  github: 'x-github-delivery',
  gitlab: 'idempotency-key',
  generic: 'x-delivery-id',
}

function prefixedClaim(
  provider: Provider,
  value: string,
  algorithms: readonly ('sha256' | 'sha512')[],
): Claim | undefined {
  const algorithm = algorithms.find((candidate) => value.startsWith(`${candidate}=`))
  return algorithm === undefined ? undefined : hmacClaim(provider, algorithm, value.slice(algorithm.length + 1))
}

function hmacClaim(provider: Provider, algorithm: 'sha256' | 'sha512', hex: string): Claim | undefined {
  const length = algorithm === 'sha256' ? 64 : 128
  if (hex.length !== length || !/^[0-9a-f]+$/i.test(hex)) return undefined
  return { provider, kind: 'hmac', algorithm, mac: Buffer.from(hex, 'hex') }
}

function digest(value: string | Buffer): Buffer {
  return createHash('sha256').update(value).digest()
}

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : value?.[0]
}

import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { claimHolds, deliveryId, isPing, readClaim } from '../../src/web/webhook-signature.ts'

const secret = 'correct horse battery staple'
const body = '{"ref":"refs/heads/main"}'
const mac = (algorithm: string, of = body): string => createHmac(algorithm, secret).update(of).digest('hex')
const bodyMac = (algorithm: string): Buffer => createHmac(algorithm, secret).update(body).digest()

describe('each provider', () => {
  const cases = [
    { provider: 'github', header: 'x-hub-signature-256', good: `sha256=${mac('sha256')}`, algorithm: 'sha256' },
    { provider: 'gitea', header: 'x-gitea-signature', good: mac('sha256'), algorithm: 'sha256' },
    { provider: 'forgejo', header: 'x-forgejo-signature', good: mac('sha256'), algorithm: 'sha256' },
    { provider: 'generic', header: 'x-signature', good: `sha256=${mac('sha256')}`, algorithm: 'sha256' },
    { provider: 'generic', header: 'x-signature', good: `sha512=${mac('sha512')}`, algorithm: 'sha512' },
  ]
  for (const { provider, header, good, algorithm } of cases) {
    test(`${provider} ${algorithm}: the right signature holds, and one changed digit does not`, () => {
      const claim = readClaim({ [header]: good })
      expect(claim).toMatchObject({ provider, kind: 'hmac', algorithm })
      expect(claim && claimHolds(claim, secret, bodyMac(algorithm))).toBe(true)
      const bad = readClaim({ [header]: `${good.slice(0, -1)}${good.endsWith('0') ? '1' : '0'}` })
      expect(bad && claimHolds(bad, secret, bodyMac(algorithm))).toBe(false)
    })
  }
  test('gitlab: the token is the secret itself', () => {
    const claim = readClaim({ 'x-gitlab-token': secret })
    expect(claim && claimHolds(claim, secret, undefined)).toBe(true)
    const bad = readClaim({ 'x-gitlab-token': `${secret}x` })
    expect(bad && claimHolds(bad, secret, undefined)).toBe(false)
  })
})

test('a signature that is no signature is no claim', () => {
  const malformed = [
    { 'x-hub-signature-256': mac('sha256') },
    { 'x-hub-signature-256': 'sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709' },
    { 'x-hub-signature-256': 'sha256=' },
    { 'x-hub-signature-256': `sha256=${mac('sha256')}, sha256=${mac('sha256')}` },
    { 'x-gitea-signature': '' },
    { 'x-gitea-signature': 'z'.repeat(64) },
    { 'x-signature': `md5=${'0'.repeat(32)}` },
    { 'x-signature': `sha512=${mac('sha256')}` },
    { 'x-gitlab-token': '' },
    { 'x-hub-signature': 'sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709' },
    {},
  ]
  for (const headers of malformed) expect(readClaim(headers), JSON.stringify(headers)).toBeUndefined()
})

test('only the most particular header is tried: a wrong one is not saved by another that is right', () => {
  const good = `sha256=${mac('sha256')}`
  expect(readClaim({ 'x-gitea-signature': 'nonsense', 'x-hub-signature-256': good })).toBeUndefined()
  const claim = readClaim({ 'x-forgejo-signature': mac('sha256', 'other'), 'x-gitlab-token': secret })
  expect(claim && claimHolds(claim, secret, bodyMac('sha256'))).toBe(false)
})

test('an HMAC claim without a body does not hold', () => {
  const claim = readClaim({ 'x-gitea-signature': mac('sha256') })
  expect(claim && claimHolds(claim, secret, undefined)).toBe(false)
})

test('a delivery is named by its own provider only', () => {
  const claim = readClaim({ 'x-gitea-signature': mac('sha256') })
  if (claim === undefined) throw new Error('no claim')
  expect(deliveryId(claim, { 'x-gitea-delivery': 'one', 'x-github-delivery': 'two' })).toBe('gitea one')
  expect(deliveryId(claim, { 'x-github-delivery': 'two' })).toBeUndefined()
  expect(deliveryId(claim, { 'x-gitea-delivery': 'x'.repeat(129) })).toBeUndefined()
})

test('a ping is told by its event header', () => {
  expect(isPing({ 'x-github-event': 'ping' })).toBe(true)
  expect(isPing({ 'x-github-event': 'push' })).toBe(false)
})

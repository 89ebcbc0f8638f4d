import { describe, expect, test } from 'vitest'
import { Failure } from '../../src/domain/failure.ts'
import { assertMayListen, hostAndPort, isLoopback, isLoopbackHostHeader } from '../../src/web/listen-rules.ts'

const beyond = { host: '192.168.1.4', hasTls: false, allowInsecure: false, hasToken: false }

function codeOf(request: Parameters<typeof assertMayListen>[0]): string {
  try {
    assertMayListen(request)
    return 'allowed'
  } catch (failure) {
    return failure instanceof Failure ? failure.detail.code : 'other'
  }
}

describe('where a listener may be reached from', () => {
  const cases = [
    { name: 'loopback needs nothing', request: { ...beyond, host: '127.0.0.1' }, expected: 'allowed' },
    { name: 'localhost is loopback', request: { ...beyond, host: 'LocalHost' }, expected: 'allowed' },
    { name: 'IPv6 loopback is loopback', request: { ...beyond, host: '::1' }, expected: 'allowed' },
    { name: 'plain HTTP on a network address is refused', request: beyond, expected: 'LISTEN_INSECURE' },
    { name: 'all addresses is not loopback', request: { ...beyond, host: '0.0.0.0' }, expected: 'LISTEN_INSECURE' },
    { name: 'TLS alone lacks the token', request: { ...beyond, hasTls: true }, expected: 'LISTEN_TOKEN_MISSING' },
    {
      name: 'the explicit word does not replace the token',
      request: { ...beyond, allowInsecure: true },
      expected: 'LISTEN_TOKEN_MISSING',
    },
    { name: 'a token does not replace TLS', request: { ...beyond, hasToken: true }, expected: 'LISTEN_INSECURE' },
    { name: 'TLS and token are enough', request: { ...beyond, hasTls: true, hasToken: true }, expected: 'allowed' },
    {
      name: 'the explicit word and a token are enough',
      request: { ...beyond, allowInsecure: true, hasToken: true },
      expected: 'allowed',
    },
  ]
  test.each(cases)('$name', ({ request, expected }) => expect(codeOf(request)).toBe(expected))
})

test('what is missing is named by its flags', () => {
  const fixOf = (request: typeof beyond): unknown => {
    try {
      assertMayListen(request)
      return 'allowed'
    } catch (failure) {
      return failure instanceof Failure ? failure.detail.fix : failure
    }
  }
  for (const flag of ['--tls-cert-file', '--tls-key-file', '--insecure-http']) expect(fixOf(beyond)).toContain(flag)
  expect(fixOf({ ...beyond, hasTls: true })).toContain('--token-file')
})

test('names that only look like loopback are not', () => {
  for (const host of ['127.0.0.1.example.org', 'localhost.example.org', '127.1', '0', '::', '1.127.0.0']) {
    expect(isLoopback(host), host).toBe(false)
  }
})

describe('the Host header on loopback', () => {
  test.each(['localhost', 'localhost:8080', '127.0.0.1:1', '[::1]', '[::1]:65535', 'LOCALHOST:80'])(
    '%s passes',
    (header) => {
      expect(isLoopbackHostHeader(header)).toBe(true)
    },
  )
  test.each([
    'evil.example',
    'localhost.evil.example:8080',
    'evil.example@127.0.0.1',
    '127.0.0.1:80:80',
    'localhost, evil.example',
    '[::1',
    '',
  ])('"%s" does not', (header) => expect(isLoopbackHostHeader(header)).toBe(false))
  test('a missing one does not', () => expect(isLoopbackHostHeader(undefined)).toBe(false))
})

test('an IPv6 address is written in brackets before its port', () => {
  expect(hostAndPort('::1', 80)).toBe('[::1]:80')
  expect(hostAndPort('127.0.0.1', 80)).toBe('127.0.0.1:80')
})

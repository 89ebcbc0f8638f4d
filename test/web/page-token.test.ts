import { describe, expect, test } from 'vitest'
import { sameSecret, sessionCookie, tokenProof } from '../../src/web/page-token.ts'

const token = 'a-token-of-32-characters-exactly'
const plain = new URL('http://listener/')
const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`
const cookieOf = (of: string): string => sessionCookie(of, false).split(';')[0] ?? ''

describe('the page token is proven by', () => {
  const cases = [
    { name: 'a bearer header', headers: { authorization: `Bearer ${token}` }, url: plain, expected: 'header' },
    {
      name: 'a basic password, whoever the user is',
      headers: { authorization: basic(`git:${token}`) },
      url: plain,
      expected: 'header',
    },
    { name: 'the cookie', headers: { cookie: `a=b; ${cookieOf(token)}` }, url: plain, expected: 'cookie' },
    { name: 'the query', headers: {}, url: new URL(`http://listener/?token=${token}`), expected: 'query' },
    { name: 'nothing', headers: {}, url: plain, expected: 'none' },
    {
      name: 'a wrong bearer, even with a good cookie',
      headers: { authorization: 'Bearer x', cookie: cookieOf(token) },
      url: plain,
      expected: 'none',
    },
    { name: 'no basic password', headers: { authorization: basic(token) }, url: plain, expected: 'none' },
    {
      name: 'no cookie of another token',
      headers: { cookie: cookieOf('another-token-of-some-length') },
      url: plain,
      expected: 'none',
    },
    {
      name: 'no token put into the cookie itself',
      headers: { cookie: `fairlead_page=${token}` },
      url: plain,
      expected: 'none',
    },
    { name: 'no wrong query', headers: {}, url: new URL('http://listener/?token=x'), expected: 'none' },
  ]
  test.each(cases)('$name', ({ headers, url, expected }) => expect(tokenProof(token, headers, url)).toBe(expected))
})

test('the cookie is out of reach for scripts and other sites, and does not hold the token', () => {
  const cookie = sessionCookie(token, true)
  expect(cookie.split('; ').slice(1).sort()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure'])
  expect(cookie).not.toContain(token)
  expect(sessionCookie(token, false)).not.toContain('Secure')
})

test('secrets of different length are different', () => {
  expect(sameSecret('abc', 'abc')).toBe(true)
  expect(sameSecret('abc', 'abcd')).toBe(false)
  expect(sameSecret('', 'a')).toBe(false)
})

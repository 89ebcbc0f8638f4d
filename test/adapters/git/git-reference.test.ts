import { describe, expect, test } from 'vitest'
import { checkReference, remoteReference } from '../../../src/adapters/git/git-reference.ts'

const commit = '0123456789abcdef0123456789abcdef01234567'

describe('a reference', () => {
  for (const reference of [
    { kind: 'branch', name: 'main', remote: 'refs/heads/main' },
    { kind: 'branch', name: 'fix/constructor', remote: 'refs/heads/fix/constructor' },
    { kind: 'branch', name: 'größe', remote: 'refs/heads/größe' },
    { kind: 'tag', name: 'v1.2.3', remote: 'refs/tags/v1.2.3' },
    { kind: 'commit', name: commit, remote: commit },
  ] as const) {
    test(`${reference.kind} ${reference.name} is asked for as ${reference.remote}`, () => {
      checkReference(reference)
      expect(remoteReference(reference)).toBe(reference.remote)
    })
  }

  const refused = ['', '-x', '--all', 'a..b', '../x', '__proto__/x', 'x/__proto__', 'a b', 'a\nb', 'a\u0000b', 'a~1']
  refused.push(
    'a^',
    'a:b',
    'a*',
    'a?',
    'a[',
    'a\\b',
    '/a',
    'a/',
    'a//b',
    '.a',
    'a/.b',
    'a.',
    'a.lock',
    '@',
    'a@{1}',
    'x'.repeat(300),
  )
  for (const name of refused) {
    test(`a branch named ${JSON.stringify(name.slice(0, 20))} is refused before anything runs`, () => {
      expect(() => checkReference({ kind: 'branch', name })).toThrow(coded('GIT_REFERENCE_INVALID'))
    })
  }

  test('a commit is named in full: short names cannot be asked for', () => {
    expect(() => checkReference({ kind: 'commit', name: 'abc123' })).toThrow(coded('GIT_REFERENCE_INVALID'))
  })

  test('a commit of 64 digits is of a format that is not read', () => {
    expect(() => checkReference({ kind: 'commit', name: 'a'.repeat(64) })).toThrow(coded('GIT_SHA256_UNSUPPORTED'))
  })
})

function coded(code: string) {
  return expect.objectContaining({ detail: expect.objectContaining({ code }) })
}

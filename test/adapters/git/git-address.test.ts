import { describe, expect, test } from 'vitest'
import { parseGitAddress } from '../../../src/adapters/git/git-address.ts'
import { Failure } from '../../../src/domain/failure.ts'

describe('a repository address', () => {
  for (const { url, kind, shown } of [
    {
      url: 'https://git.example.org/team/network.git',
      kind: 'http',
      shown: 'https://git.example.org/team/network.git',
    },
    { url: 'http://127.0.0.1:8080/network.git/', kind: 'http', shown: 'http://127.0.0.1:8080/network.git' },
    {
      url: 'ssh://git@example.org:2222/network.git',
      kind: 'command-line',
      shown: 'ssh://git@example.org:2222/network.git',
    },
    { url: 'git@example.org:team/network.git', kind: 'command-line', shown: 'git@example.org:team/network.git' },
    { url: '/srv/git/network.git', kind: 'command-line', shown: '/srv/git/network.git' },
    { url: 'file:///srv/git/network.git', kind: 'command-line', shown: 'file:///srv/git/network.git' },
  ]) {
    test(`${url} is spoken to by ${kind}`, () => expect(parseGitAddress(url)).toMatchObject({ kind, shown }))
  }

  for (const { url, because } of [
    { url: '--upload-pack=touch /tmp/x', because: 'it would be an option of git' },
    { url: '-oProxyCommand=x', because: 'it would be an option of ssh' },
    { url: 'ssh://-oProxyCommand=x/repo', because: 'the host would be an option of ssh' },
    { url: 'git@-oProxyCommand=x:repo', because: 'the host would be an option of ssh' },
    { url: '-x@host:repo', because: 'the user would be an option' },
    { url: 'git@host:-repo', because: 'the path would be an option of the remote command' },
    { url: 'ext::sh -c touch% /tmp/x', because: 'ext runs commands' },
    { url: 'ext::whoami', because: 'ext runs commands' },
    { url: 'git://example.org/network.git', because: 'git:// is neither private nor authentic' },
    { url: 'relative/path', because: 'nobody knows relative to what' },
    { url: 'file://host/path', because: 'a file has no host' },
    { url: 'https://user@example.org/network.git', because: 'users belong into files' },
    { url: 'https://example.org/network.git?x=1', because: 'paths are appended to it' },
    { url: 'https://example.org/a b', because: 'spaces are no part of a URL' },
    { url: 'https://example.org/a\nb', because: 'a newline could forge log lines' },
    { url: '', because: 'there is nothing' },
  ]) {
    test(`${JSON.stringify(url)} is refused: ${because}`, () => {
      expect(() => parseGitAddress(url)).toThrow(
        expect.objectContaining({ detail: expect.objectContaining({ code: 'GIT_URL_INVALID' }) }),
      )
    })
  }

  test('a password in the URL is refused without being repeated', () => {
    const refused = refusalOf('https://user:hunter2@example.org/network.git')
    expect(refused.detail.code).toBe('GIT_URL_INVALID')
    expect(JSON.stringify([refused.message, refused.detail])).not.toContain('hunter2')
  })
})

function refusalOf(url: string): Failure {
  try {
    parseGitAddress(url)
  } catch (error) {
    if (error instanceof Failure) return error
  }
  throw new Error('it was accepted')
}

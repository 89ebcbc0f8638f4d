import { expect, test } from 'vitest'
import { commandFailure } from '../../../src/adapters/git/command-failures.ts'
import { hasControlCharacter } from '../../../src/adapters/git/control-characters.ts'
import { Failure } from '../../../src/domain/failure.ts'

for (const { stderr, code } of [
  { stderr: "fatal: couldn't find remote ref refs/heads/gone", code: 'GIT_BRANCH_MISSING' },
  {
    stderr: "fatal: '/srv/none' does not appear to be a git repository\nfatal: Could not read from remote repository.",
    code: 'GIT_NOT_FOUND',
  },
  {
    stderr: 'git@example.org: Permission denied (publickey).\r\nfatal: Could not read from remote repository.',
    code: 'GIT_AUTH',
  },
  {
    stderr:
      'No ED25519 host key is known for example.org and you have requested strict checking.\r\nHost key verification failed.',
    code: 'GIT_HOST_KEY',
  },
  {
    stderr:
      'ssh: connect to host example.org port 22: Connection refused\r\nfatal: Could not read from remote repository.',
    code: 'GIT_UNREACHABLE',
  },
  { stderr: 'ssh: Could not resolve hostname nowhere: Name or service not known', code: 'GIT_UNREACHABLE' },
  { stderr: 'fatal: remote error: upload-pack: not our ref 0123', code: 'GIT_COMMIT_MISSING' },
  { stderr: 'fatal: mismatched algorithms: client sha1; server sha256', code: 'GIT_SHA256_UNSUPPORTED' },
  { stderr: 'fatal: early EOF\nfatal: fetch-pack: invalid index-pack output', code: 'GIT_PACK_DAMAGED' },
  { stderr: 'fatal: something new', code: 'GIT_SERVER_ERROR' },
]) {
  test(`${JSON.stringify(stderr.slice(0, 50))} means ${code}`, () => {
    const failure = commandFailure({ exit: 128, stdout: Buffer.alloc(0), stderr }, 'ssh://git@example.org/network')
    expect(failure).toBeInstanceOf(Failure)
    expect(failure).toMatchObject({ detail: { code, where: 'ssh://git@example.org/network' } })
  })
}

test('what a server says reaches nobody with terminal sequences in it', () => {
  const stderr = 'remote: \u001b]0;owned\u0007\u001b[31mno\u009b1m'
  const { message } = commandFailure({ exit: 128, stdout: Buffer.alloc(0), stderr }, 'x')
  expect(message).toContain('no')
  expect(hasControlCharacter(message)).toBe(false)
})

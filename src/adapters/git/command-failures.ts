import type { GitResult } from './git-command.ts'
import { type GitFailureCode, gitFailure } from './git-failures.ts'

/** What git says (in English, by LC_ALL=C) → what it means. The first that fits. */
const sayings: readonly (readonly [RegExp, GitFailureCode])[] = [
  [
    /mismatched algorithms|unsupported object format|sha256|unknown repository extension.*objectformat/i,
    'GIT_SHA256_UNSUPPORTED',
  ],
  [/couldn't find remote ref|Remote branch .* not found/i, 'GIT_BRANCH_MISSING'],
  [/not our ref|unadvertised object|Server does not allow request/i, 'GIT_COMMIT_MISSING'],
  [
    /does not appear to be a git repository|repository .* not found|no such file or directory|not a git repository/i,
    'GIT_NOT_FOUND',
  ],
  [/permission denied|authentication failed|could not read (?:username|password)|access denied|publickey/i, 'GIT_AUTH'],
  [/dubious ownership/i, 'GIT_AUTH'],
  [/host key verification failed|no .* host key is known/i, 'GIT_HOST_KEY'],
  [
    /could not resolve host|connection (?:refused|timed out|reset|closed)|no route to host|network is unreachable/i,
    'GIT_UNREACHABLE',
  ],
  [/index-pack|early eof|unpack-objects|bad pack|inflate|pack .*(?:corrupt|SHA1 mismatch)/i, 'GIT_PACK_DAMAGED'],
]

/** @param where URL without credentials */
export function commandFailure(result: GitResult, where: string): Error {
  const code = sayings.find(([pattern]) => pattern.test(result.stderr))?.[1] ?? 'GIT_SERVER_ERROR'
  return gitFailure(code, where, lastWords(result.stderr))
}

/** The line that says why: git's own `fatal:` if there is one, and what the other side said before. */
function lastWords(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '')
  const fatal = lines.find((line) => /^(?:fatal|error|remote): /.test(line)) ?? lines.at(-1) ?? ''
  return fatal.replace(/^(?:fatal|error|remote): /, '')
}

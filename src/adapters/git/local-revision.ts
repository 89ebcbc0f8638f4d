import { type Revision, revisionName } from '../../domain/revision.ts'
import type { RepositoryReader } from '../../ports/repository-port.ts'
import { commandFailure } from './command-failures.ts'
import { readTreeByCommand } from './command-line-tree.ts'
import { describeArguments, parseDescribedCommit } from './described-commit.ts'
import { runGit } from './git-command.ts'
import { gitEnvironment } from './git-environment.ts'
import { gitFailure } from './git-failures.ts'
import { checkTreePath } from './tree-path.ts'

export interface LocalRevision {
  readonly revision: Revision
  /** Paths count from `directory`, also where that lies inside of the work tree. */
  readonly reader: RepositoryReader
}

/**
 * A revision of the repository that `directory` belongs to, as `--base` names it: `main`, `HEAD~1`, `v1.2`, a commit.
 * Nothing is fetched, and no configuration of that repository can make git run anything.
 *
 * @throws Failure GIT_REFERENCE_INVALID, GIT_COMMIT_MISSING, GIT_NOT_FOUND, GIT_MISSING
 */
export async function openLocalRevision(
  directory: string,
  name: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<LocalRevision> {
  if (name === '' || name.startsWith('-') || name.length > 300 || name.includes('\0')) {
    throw gitFailure('GIT_REFERENCE_INVALID', JSON.stringify(name.slice(0, 300)))
  }
  const git = localGit(directory, signal)
  const prefix = (await git(['rev-parse', '--show-prefix'], 'GIT_NOT_FOUND')).toString('utf8').replace(/\n$/, '')
  const commitOf = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`]
  const commit = (await git(commitOf, 'GIT_COMMIT_MISSING', name)).toString('utf8').trim()
  if (!/^[0-9a-f]{40}$/.test(commit)) throw gitFailure('GIT_SHA256_UNSUPPORTED', directory)
  const described = parseDescribedCommit(await git(describeArguments(commit), 'GIT_COMMIT_MISSING'))
  return {
    revision: { name: revisionName(name, commit), commit, ...described },
    reader: {
      async readDirectory(below, inner) {
        checkTreePath(below)
        const run = localGit(directory, inner)
        const files = await readTreeByCommand(
          (args, options) => run(args, 'GIT_COMMIT_MISSING', name, options),
          commit,
          `${prefix}${below}`.replace(/\/$/, ''),
        )
        return files.map((file) => ({ ...file, path: file.path.slice(prefix.length) }))
      },
    },
  }
}

function localGit(directory: string, signal: AbortSignal) {
  return async (
    args: readonly string[],
    code: 'GIT_NOT_FOUND' | 'GIT_COMMIT_MISSING',
    where = directory,
    options: { readonly input?: string; readonly maxOutputBytes?: number } = {},
  ): Promise<Buffer> => {
    const environment = gitEnvironment({ protocols: [], readsAnyOwner: true })
    const result = await runGit({ args, environment, directory, signal, ...options })
    if (result.exit === 0) return result.stdout
    throw result.stderr === '' ? gitFailure(code, where) : commandFailure(result, where)
  }
}

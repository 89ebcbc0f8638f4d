import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RepositoryFile } from '../../ports/repository-port.ts'
import { commandFailure } from './command-failures.ts'
import { readTreeByCommand } from './command-line-tree.ts'
import { describeArguments, parseDescribedCommit } from './described-commit.ts'
import { type GitResult, runGit } from './git-command.ts'
import type { GitSettings } from './git-engine.ts'
import { gitEnvironment } from './git-environment.ts'
import { gitFailure } from './git-failures.ts'

/** The one reference of a store: whatever is followed on the server, it is kept under this name. */
const storeReference = 'refs/fairlead/head'

export interface CommandInput {
  readonly input?: string
  readonly maxOutputBytes?: number
  readonly environment?: NodeJS.ProcessEnv
}

/** Git commands on one bare store, and between it and the server. */
export interface CommandLineStore {
  /** @throws Failure by what git said */
  run(args: readonly string[], options?: CommandInput): Promise<Buffer>
  attempt(args: readonly string[], options?: CommandInput): Promise<GitResult>
}

/**
 * What the commands may reach: the store alone, the server to read, or the server to write. A local repository runs its
 * own hooks when it is written to, so git's refusal of those that belong to another user is lifted for reading only.
 */
export type Reach = 'store' | 'read' | 'write'

export function commandLineStore(
  gitdir: string,
  settings: GitSettings,
  reach: Reach,
  signal: AbortSignal,
): CommandLineStore {
  const environment = gitEnvironment({
    protocols: reach === 'store' ? [] : ['ssh', 'file'],
    ssh: settings,
    ...(reach === 'read' ? { configFile: localConfig(settings) } : {}),
  })
  const attempt = (args: readonly string[], options: CommandInput = {}): Promise<GitResult> =>
    runGit({
      args: ['--git-dir', gitdir, ...args],
      environment: { ...environment, ...options.environment },
      directory: settings.storeDirectory,
      signal,
      ...(options.input === undefined ? {} : { input: options.input }),
      ...(options.maxOutputBytes === undefined ? {} : { maxOutputBytes: options.maxOutputBytes }),
    })
  return {
    attempt,
    async run(args, options) {
      const result = await attempt(args, options)
      if (result.exit !== 0) throw commandFailure(result, settings.shown)
      return result.stdout
    },
  }
}

export async function createCommandLineStore(
  gitdir: string,
  settings: GitSettings,
  signal: AbortSignal,
): Promise<void> {
  const store = commandLineStore(gitdir, settings, 'store', signal)
  await store.run(['init', '--quiet', '--bare', '--template=', '--', gitdir])
}

/** Downloads `wanted` (a full reference or a commit) and moves the store's reference to it. */
export async function downloadByCommand(
  store: CommandLineStore,
  settings: GitSettings,
  wanted: string,
  { isFirst }: { readonly isFirst: boolean },
): Promise<void> {
  const depth = isFirst ? ['--depth=1'] : []
  const fixed = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-maintenance']
  await store.run(['fetch', ...fixed, ...depth, '--', settings.url, `+${wanted}:${storeReference}`])
}

export async function headByCommand(store: CommandLineStore): Promise<string | undefined> {
  const result = await store.attempt([
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${storeReference}^{commit}`,
  ])
  return result.exit === 0 ? result.stdout.toString('utf8').trim() : undefined
}

/** The head's commit and all of its trees are there, and the sizes of its files. */
export async function isHealthy(store: CommandLineStore): Promise<boolean> {
  const head = await headByCommand(store)
  if (head === undefined) return false
  const { exit } = await store.attempt(['ls-tree', '-r', '-l', '-z', head], { maxOutputBytes: 32 * 1024 * 1024 })
  return exit === 0
}

export async function describeByCommand(store: CommandLineStore, commit: string) {
  return { commit, ...parseDescribedCommit(await store.run(describeArguments(commit))) }
}

export function readByCommand(
  store: CommandLineStore,
  commit: string,
  directory: string,
): Promise<readonly RepositoryFile[]> {
  return readTreeByCommand((args, options) => store.run(args, options), commit, directory)
}

/**
 * Git's helpers for a local repository forget settings of the environment, so the one that lets them read a repository
 * of another user stands in a file.
 */
function localConfig(settings: GitSettings): string {
  return join(settings.storeDirectory, 'local.gitconfig')
}

export async function writeLocalConfig(settings: GitSettings): Promise<void> {
  try {
    await writeFile(localConfig(settings), '[safe]\n\tdirectory = *\n', { mode: 0o600 })
  } catch (cause) {
    throw gitFailure('GIT_STORE_DAMAGED', settings.storeDirectory, undefined, cause)
  }
}

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { NewBranch } from '../../ports/repository-port.ts'
import { commandFailure } from './command-failures.ts'
import type { CommandLineStore } from './command-line-store.ts'
import type { GitSettings } from './git-engine.ts'
import { gitFailure } from './git-failures.ts'
import { publisher } from './publisher.ts'

interface Target {
  readonly store: CommandLineStore
  readonly settings: GitSettings
  /** Commit that the branch starts from. */
  readonly parent: string
  readonly nowMs: number
}

/**
 * One commit on top of `parent`, built in an index of its own and pushed as a new branch.
 * @returns false when the server has the branch already
 */
export async function publishByCommand(
  branch: NewBranch,
  { store, settings, parent, nowMs }: Target,
): Promise<boolean> {
  const reference = `refs/heads/${branch.branch}`
  const there = await store.run(['ls-remote', '--quiet', '--', settings.url, reference])
  if (there.length > 0) return false

  const indexFile = join(settings.storeDirectory, 'publish.index')
  const environment = { GIT_INDEX_FILE: indexFile, ...identity(nowMs) }
  await rm(indexFile, { force: true })
  try {
    await store.run(['read-tree', parent], { environment })
    for (const { path, text } of branch.files) {
      await checkPlace(store, path, environment)
      const blob = line(await store.run(['hash-object', '-w', '--no-filters', '--stdin'], { input: text }))
      const input = `100644 ${blob}\t${path}\0`
      await store.run(['update-index', '--add', '-z', '--index-info'], { input, environment })
    }
    const tree = line(await store.run(['write-tree'], { environment }))
    const commit = line(
      await store.run(['commit-tree', tree, '-p', parent, '-F', '-'], { input: branch.message, environment }),
    )
    return await pushNew(store, settings, commit, reference)
  } finally {
    await rm(indexFile, { force: true })
  }
}

/** Git would make room: the file in the place of a directory on the way would be gone, or all that lies below the path. */
async function checkPlace(store: CommandLineStore, path: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const [top = path] = path.split('/')
  const listed = await store.run(['--literal-pathspecs', 'ls-files', '--stage', '-z', '--', top], { environment })
  for (const record of listed.toString('utf8').split('\0')) {
    const [attributes = '', existing = ''] = record.split('\t', 2)
    const isModule = attributes.startsWith('160000')
    const isInTheWay = path.startsWith(`${existing}/`) || existing.startsWith(`${path}/`)
    if (existing !== '' && (isInTheWay || (isModule && existing === path))) throw gitFailure('GIT_PATH_REFUSED', path)
  }
}

/** The lease with nothing in it says: only if there is no such branch. */
async function pushNew(
  store: CommandLineStore,
  settings: GitSettings,
  commit: string,
  reference: string,
): Promise<boolean> {
  const fixed = ['push', '--quiet', '--porcelain', '--no-verify', `--force-with-lease=${reference}:`]
  const result = await store.attempt([...fixed, '--', settings.url, `${commit}:${reference}`])
  if (result.exit === 0) return true
  const said = `${result.stdout.toString('utf8')}\n${result.stderr}`
  if (/stale info|already exists/.test(said)) return false
  if (/\[remote rejected\]|pre-receive|denied/.test(said)) {
    throw gitFailure('GIT_PUSH_REFUSED', settings.shown, /\[remote rejected\][^\n]*/.exec(said)?.[0])
  }
  throw commandFailure(result, settings.shown)
}

function identity(nowMs: number): NodeJS.ProcessEnv {
  const date = `${Math.floor(nowMs / 1000)} +0000`
  return {
    GIT_AUTHOR_NAME: publisher.name,
    GIT_AUTHOR_EMAIL: publisher.email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: publisher.name,
    GIT_COMMITTER_EMAIL: publisher.email,
    GIT_COMMITTER_DATE: date,
  }
}

function line(output: Buffer): string {
  return output.toString('utf8').trim()
}

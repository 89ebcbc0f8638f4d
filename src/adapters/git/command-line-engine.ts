import { Failure } from '../../domain/failure.ts'
import type { NewBranch } from '../../ports/repository-port.ts'
import { publishByCommand } from './command-line-publish.ts'
import {
  type CommandLineStore,
  commandLineStore,
  createCommandLineStore,
  describeByCommand,
  downloadByCommand,
  headByCommand,
  isHealthy,
  readByCommand,
  writeLocalConfig,
} from './command-line-store.ts'
import { findGit } from './git-command.ts'
import type { FetchedHead, GitEngine, GitSettings, Renewal } from './git-engine.ts'
import { sshCommand } from './git-environment.ts'
import { gitFailure } from './git-failures.ts'
import { remoteReference } from './git-reference.ts'
import { ensureStoreDirectory, hasManyPacks, openGenerations } from './store-generations.ts'

/**
 * ssh and local repositories, by the git command. Each command is a process that ends, so nothing stays in memory.
 * @throws Failure GIT_MISSING, GIT_SETTINGS_INVALID
 */
export function createCommandLineEngine(settings: GitSettings, onRenewed: (why: Renewal) => void): GitEngine {
  const { reference, shown } = settings
  const wanted = remoteReference(reference)
  const generations = openGenerations(settings.storeDirectory, `${settings.url} ${reference.kind} ${reference.name}`)
  findGit()
  sshCommand(settings)

  const inside = (gitdir: string, signal: AbortSignal) => commandLineStore(gitdir, settings, 'store', signal)
  const outside = (gitdir: string, signal: AbortSignal) => commandLineStore(gitdir, settings, 'read', signal)

  async function renew(what: string, signal: AbortSignal): Promise<CommandLineStore> {
    const gitdir = await generations.renew(async (directory) => {
      await createCommandLineStore(directory, settings, signal)
      await download(directory, what, true, signal)
    })
    return inside(gitdir, signal)
  }

  async function download(gitdir: string, what: string, isFirst: boolean, signal: AbortSignal): Promise<void> {
    const store = outside(gitdir, signal)
    try {
      await downloadByCommand(store, settings, what, { isFirst })
    } catch (cause) {
      if (!(cause instanceof Failure) || cause.detail.code !== 'GIT_BRANCH_MISSING') throw cause
      const anything = await store.attempt(['ls-remote', '--quiet', '--', settings.url])
      const isEmpty = anything.exit === 0 && anything.stdout.length === 0
      throw gitFailure(isEmpty ? 'GIT_EMPTY_REPOSITORY' : cause.detail.code, `${shown} ${reference.name}`, '', cause)
    }
  }

  async function update(gitdir: string, signal: AbortSignal): Promise<FetchedHead> {
    const store = inside(gitdir, signal)
    const before = await headByCommand(store)
    if (reference.kind !== 'commit' || before !== wanted) await download(gitdir, wanted, false, signal)
    const head = await headOf(store)
    const rewritten = before !== undefined && before !== head.commit && !(await isAncestor(store, before, head.commit))
    return { ...head, rewritten }
  }

  async function fetchHead(signal: AbortSignal): Promise<FetchedHead> {
    const gitdir = await generations.current()
    if (gitdir === undefined) return renewed('first', signal)
    if (await hasManyPacks(gitdir)) return renewed('many-packs', signal)
    try {
      return await update(gitdir, signal)
    } catch (cause) {
      if (signal.aborted || (await isHealthy(inside(gitdir, signal)))) throw cause
      return renewed('damaged', signal)
    }
  }

  async function renewed(why: Renewal, signal: AbortSignal): Promise<FetchedHead> {
    const store = await renew(wanted, signal)
    onRenewed(why)
    return { ...(await headOf(store)), rewritten: false }
  }

  async function read(commit: string, directory: string, signal: AbortSignal) {
    const gitdir = await generations.current()
    if (gitdir !== undefined) {
      const store = inside(gitdir, signal)
      try {
        return await readByCommand(store, commit, directory)
      } catch (cause) {
        if (signal.aborted || isAboutContent(cause)) throw cause
        const isOther = (await headByCommand(store)) !== commit
        if (isOther && (await isHealthy(store))) throw gitFailure('GIT_COMMIT_MISSING', commit, undefined, cause)
      }
    }
    const fresh = await renew(commit, signal).catch((cause) => {
      throw gitFailure('GIT_STORE_DAMAGED', shown, cause instanceof Failure ? cause.message : undefined, cause)
    })
    onRenewed('damaged')
    return readByCommand(fresh, commit, directory)
  }

  async function publish(branch: NewBranch, signal: AbortSignal): Promise<boolean> {
    const gitdir = await generations.current()
    const store = gitdir === undefined ? await renew(wanted, signal) : inside(gitdir, signal)
    const { commit } = await headOf(store)
    const current = (await generations.current()) ?? ''
    return publishByCommand(branch, {
      store: commandLineStore(current, settings, 'write', signal),
      settings,
      parent: commit,
      nowMs: Date.now(),
    })
  }

  async function limited<T>(signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const timeout = AbortSignal.timeout(settings.timeoutMs)
    await ensureStoreDirectory(settings.storeDirectory)
    await writeLocalConfig(settings)
    try {
      return await run(AbortSignal.any([signal, timeout]))
    } catch (cause) {
      signal.throwIfAborted()
      throw timeout.aborted ? gitFailure('GIT_TIMEOUT', shown, undefined, cause) : cause
    }
  }

  return {
    fetch: (signal) => limited(signal, fetchHead),
    readDirectory: (commit, directory, signal) => limited(signal, (inner) => read(commit, directory, inner)),
    publishBranch: (branch, signal) => limited(signal, (inner) => publish(branch, inner)),
    close: () => Promise.resolve(),
  }
}

async function headOf(store: CommandLineStore) {
  const commit = await headByCommand(store)
  if (commit === undefined) throw gitFailure('GIT_STORE_DAMAGED', 'refs/fairlead/head')
  return describeByCommand(store, commit)
}

async function isAncestor(store: CommandLineStore, before: string, after: string): Promise<boolean> {
  const { exit } = await store.attempt(['merge-base', '--is-ancestor', before, after])
  return exit === 0
}

/** Nothing that a fresh copy would change. */
function isAboutContent(cause: unknown): boolean {
  return cause instanceof Failure && ['TREE_TOO_LARGE', 'GIT_LFS_POINTER', 'GIT_MISSING'].includes(cause.detail.code)
}

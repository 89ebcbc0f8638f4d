import type { NewBranch } from '../../ports/repository-port.ts'
import type { FetchedHead, GitEngine, GitSettings, Renewal, WantedHead } from './git-engine.ts'
import { gitFailure } from './git-failures.ts'
import { remoteReference } from './git-reference.ts'
import { createHttpSession } from './http-session.ts'
import { createRemoteRefs } from './remote-refs.ts'
import { ensureStoreDirectory } from './store-generations.ts'
import { createWorkerProcess, type WorkerProcess, type WorkerProcessOptions } from './worker-process.ts'
import type { Operation, Outcome } from './worker-protocol.ts'

/** How much longer than the worker's own time-out it may take to say so. */
const graceMs = 2_000

export interface WorkerEngine extends GitEngine {
  readonly worker: WorkerProcess
}

/**
 * HTTP(S). The question whether anything is new is asked from here, in one small request, so that polling needs no
 * worker; what is new is downloaded and read there.
 */
export function createWorkerEngine(
  settings: GitSettings,
  options: Omit<WorkerProcessOptions, 'cacheDirectory'>,
  onRenewed: (why: Renewal) => void,
): WorkerEngine {
  const worker = createWorkerProcess({ ...options, cacheDirectory: settings.storeDirectory })
  const session = createHttpSession(settings)
  let remote = createRemoteRefs(settings.url)
  let known: FetchedHead | undefined
  let lastId = 0

  async function list(prefixes: readonly string[], signal: AbortSignal) {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(settings.timeoutMs)])
    try {
      return await remote.list(await session.login(limited), prefixes)
    } catch (cause) {
      remote = createRemoteRefs(settings.url)
      throw cause
    }
  }

  async function remoteHead(signal: AbortSignal): Promise<WantedHead> {
    const { reference, shown } = settings
    const name = remoteReference(reference)
    if (reference.kind === 'commit') return { want: name, commit: name }
    const found = (await list([name], signal)).find((ref) => ref.name === name)
    if (found !== undefined) return { want: found.oid, commit: found.commit }
    const all = await list([], signal)
    throw all.length === 0
      ? gitFailure('GIT_EMPTY_REPOSITORY', shown)
      : gitFailure('GIT_BRANCH_MISSING', `${shown} ${reference.name}`)
  }

  async function call(operation: Operation, signal: AbortSignal): Promise<Outcome> {
    await ensureStoreDirectory(settings.storeDirectory)
    lastId += 1
    const outcome = await worker.call({ id: lastId, settings, operation }, settings.timeoutMs + graceMs, signal)
    if (outcome.renewed === undefined) return outcome
    onRenewed(outcome.renewed)
    // It holds what was asked for just now, which need not be the head.
    known = undefined
    return outcome
  }

  return {
    worker,
    async fetch(signal) {
      const head = await remoteHead(signal)
      if (known?.commit === head.commit) return { ...known, rewritten: false }
      const outcome = await call({ kind: 'fetch', head }, signal)
      if (outcome.kind !== 'fetch') throw new Error(`the worker answered a fetch with ${outcome.kind}`)
      known = outcome.head
      return outcome.head
    },
    async readDirectory(commit, directory, signal) {
      const outcome = await call({ kind: 'read', commit, directory }, signal)
      if (outcome.kind !== 'read') throw new Error(`the worker answered a read with ${outcome.kind}`)
      return outcome.files
    },
    async publishBranch(branch: NewBranch, signal) {
      const name = `refs/heads/${branch.branch}`
      if ((await list([name], signal)).some((ref) => ref.name === name)) return false
      const parent = known?.commit ?? (await this.fetch(signal)).commit
      const outcome = await call({ kind: 'publish', branch, parent }, signal)
      if (outcome.kind !== 'publish') throw new Error(`the worker answered a push with ${outcome.kind}`)
      return outcome.isNew
    },
    async close() {
      session.close()
      await worker.close()
    },
  }
}

import { Failure } from '../../domain/failure.ts'
import type { RepositoryFile } from '../../ports/repository-port.ts'
import { capabilitiesOf, singleRefAdvertisement } from './advertisement.ts'
import type { FetchedHead, GitSettings, Renewal, WantedHead } from './git-engine.ts'
import { gitFailure } from './git-failures.ts'
import type { GitHttpClient } from './http-client.ts'
import { createHttpSession } from './http-session.ts'
import { publishFromStore } from './isomorphic-publish.ts'
import {
  createStore,
  descendsFrom,
  describeCommit,
  downloadHead,
  hasCommit,
  moveReference,
  type ObjectCache,
  storedHead,
  storeReference,
} from './isomorphic-store.ts'
import { readStoredDirectory } from './isomorphic-tree.ts'
import { hasManyPacks, openGenerations } from './store-generations.ts'
import type { Operation, Outcome } from './worker-protocol.ts'

/** Runs operations on one repository with isomorphic-git; lives in the worker. */
export interface IsomorphicEngine {
  run(operation: Operation): Promise<Outcome>
}

export function createIsomorphicEngine(settings: GitSettings): IsomorphicEngine {
  const { url, shown, reference } = settings
  const generations = openGenerations(settings.storeDirectory, `${url} ${reference.kind} ${reference.name}`)
  const session = createHttpSession(settings)
  let cache: ObjectCache = {}
  let capabilities: string | undefined

  /** A login whose advertisement names what is wanted and nothing else. */
  async function loginFor(want: string, signal: AbortSignal): Promise<GitHttpClient> {
    const http = await session.login(signal)
    const advertised = `${url}/info/refs?service=git-upload-pack`
    return {
      async request(request) {
        if (request.url !== advertised) return http.request(request)
        if (capabilities === undefined) {
          const answer = await http.request(request)
          const parts: Uint8Array[] = []
          for await (const part of answer.body) parts.push(part)
          capabilities = capabilitiesOf(Buffer.concat(parts), shown)
        }
        const body = singleRefAdvertisement(capabilities, want, storeReference)
        const headers = { 'content-type': 'application/x-git-upload-pack-advertisement' }
        return { url: request.url, method: 'GET', headers, body: only(body), statusCode: 200, statusMessage: '' }
      },
    }
  }

  async function renew(head: WantedHead, signal: AbortSignal): Promise<string> {
    const http = await loginFor(head.want, signal)
    const gitdir = await generations.renew(async (directory) => {
      await createStore(directory, url)
      await downloadHead(directory, head, { url, http, isFirst: true })
    })
    cache = {}
    return gitdir
  }

  async function update(gitdir: string, head: WantedHead, signal: AbortSignal): Promise<FetchedHead> {
    const before = await storedHead(gitdir)
    if (!(await hasCommit(gitdir, head.commit, cache))) {
      const http = await loginFor(head.want, signal)
      await downloadHead(gitdir, head, { url, http, isFirst: false })
      cache = {}
    } else if (before !== head.commit) {
      await moveReference(gitdir, head.commit)
    }
    const described = await describeCommit(gitdir, head.commit, cache)
    const rewritten = before !== undefined && !(await descendsFrom(gitdir, head.commit, before, cache))
    return { ...described, rewritten }
  }

  async function fetchHead(head: WantedHead, signal: AbortSignal): Promise<Outcome> {
    const gitdir = await generations.current()
    if (gitdir === undefined) return renewed(head, 'first', signal)
    if (await hasManyPacks(gitdir)) return renewed(head, 'many-packs', signal)
    try {
      return { kind: 'fetch', head: await update(gitdir, head, signal) }
    } catch (cause) {
      // What the server or the network did is told as it is; anything else is the store's fault, and healed once.
      if (cause instanceof Failure || signal.aborted) throw cause
      return renewed(head, 'damaged', signal)
    }
  }

  async function renewed(head: WantedHead, why: Renewal, signal: AbortSignal): Promise<Outcome> {
    const gitdir = await renew(head, signal)
    const described = await describeCommit(gitdir, head.commit, cache)
    return { kind: 'fetch', head: { ...described, rewritten: false }, renewed: why }
  }

  async function read(commit: string, directory: string, signal: AbortSignal): Promise<Outcome> {
    const gitdir = await generations.current()
    if (gitdir !== undefined) {
      try {
        return { kind: 'read', files: await readFrom(gitdir, commit, directory, signal) }
      } catch (cause) {
        if (cause instanceof Failure || signal.aborted) throw cause
        const head = await storedHead(gitdir)
        const isHealthy = head !== undefined && head !== commit && (await hasCommit(gitdir, head, {}))
        if (isHealthy && !(await hasCommit(gitdir, commit, {}))) throw gitFailure('GIT_COMMIT_MISSING', commit)
      }
    }
    const fresh = await renew({ want: commit, commit }, signal).catch((cause) => {
      throw gitFailure('GIT_STORE_DAMAGED', shown, cause instanceof Failure ? cause.message : undefined, cause)
    })
    return { kind: 'read', files: await readFrom(fresh, commit, directory, signal), renewed: 'damaged' }
  }

  function readFrom(gitdir: string, commit: string, directory: string, signal: AbortSignal) {
    return readStoredDirectory(commit, directory, { gitdir, cache, signal }) satisfies Promise<
      readonly RepositoryFile[]
    >
  }

  async function publish(operation: Extract<Operation, { kind: 'publish' }>, signal: AbortSignal): Promise<boolean> {
    const { branch, parent } = operation
    const gitdir = (await generations.current()) ?? (await renew({ want: parent, commit: parent }, signal))
    const http = await session.login(signal)
    return publishFromStore(branch, { gitdir, url, http, parent, nowMs: Date.now() })
  }

  return {
    async run(operation) {
      const signal = AbortSignal.timeout(settings.timeoutMs)
      try {
        switch (operation.kind) {
          case 'fetch':
            return await fetchHead(operation.head, signal)
          case 'read':
            return await read(operation.commit, operation.directory, signal)
          case 'publish':
            return { kind: 'publish', isNew: await publish(operation, signal) }
        }
      } catch (cause) {
        // What the server can do may have changed: ask again next time.
        capabilities = undefined
        throw libraryFailure(cause, operation, settings, signal)
      }
    },
  }
}

/** Errors of isomorphic-git that are left: the store was fresh, so what came from the server was not whole. */
function libraryFailure(cause: unknown, operation: Operation, settings: GitSettings, signal: AbortSignal): Failure {
  const { shown, reference } = settings
  const isRefusal = cause instanceof Failure && cause.detail.code === 'GIT_SERVER_ERROR'
  const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'NotFoundError'
  if (reference.kind === 'commit' && operation.kind === 'fetch' && (isMissing || isRefusal)) {
    return gitFailure('GIT_COMMIT_MISSING', `${shown} ${reference.name}`, undefined, cause)
  }
  if (cause instanceof Failure) return cause
  if (signal.aborted) return gitFailure('GIT_TIMEOUT', shown, undefined, cause)
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
  return gitFailure('GIT_PACK_DAMAGED', shown, code, cause)
}

async function* only(bytes: Buffer): AsyncGenerator<Uint8Array, void, void> {
  yield bytes
}

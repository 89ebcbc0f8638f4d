import { addRemote, fetch, init, readCommit, readTree, resolveRef, writeRef } from 'isomorphic-git'
import { type DescribedCommit, describedCommit } from './described-commit.ts'
import type { WantedHead } from './git-engine.ts'
import type { GitHttpClient } from './http-client.ts'
import { storeFiles as fs } from './store-files.ts'

/** The one reference of a store: whatever is followed on the server, it is kept under this name. */
export const storeReference = 'refs/heads/source'

/** isomorphic-git keeps whole packs in here: one object for each head, dropped with it. */
export type ObjectCache = Record<symbol, unknown>

export async function createStore(gitdir: string, url: string): Promise<void> {
  await init({ fs, gitdir, bare: true, defaultBranch: 'source' })
  await addRemote({ fs, gitdir, remote: 'origin', url })
}

/**
 * Downloads what is missing and moves the store's reference. Only the first download may be shallow: with a depth, or
 * with a reference left behind, the library downloads everything on every fetch.
 */
export async function downloadHead(
  gitdir: string,
  { want, commit }: WantedHead,
  options: { readonly url: string; readonly http: GitHttpClient; readonly isFirst: boolean },
): Promise<void> {
  await fetch({
    fs,
    http: { request: (request) => options.http.request(request).then((answer) => ({ ...answer })) },
    gitdir,
    url: options.url,
    remote: 'origin',
    ref: storeReference,
    remoteRef: storeReference,
    singleBranch: true,
    tags: false,
    ...(options.isFirst ? { depth: 1 } : {}),
  })
  await describeCommit(gitdir, want === commit ? commit : await peel(gitdir, want), {})
  await moveReference(gitdir, commit)
}

export async function moveReference(gitdir: string, commit: string): Promise<void> {
  await writeRef({ fs, gitdir, ref: storeReference, value: commit, force: true })
}

export async function storedHead(gitdir: string): Promise<string | undefined> {
  return resolveRef({ fs, gitdir, ref: storeReference }).catch(() => undefined)
}

async function peel(gitdir: string, oid: string): Promise<string> {
  return (await readCommit({ fs, gitdir, oid })).oid
}

/** Reads the commit and its root tree, so that a store without them is noticed. */
export async function describeCommit(
  gitdir: string,
  oid: string,
  cache: ObjectCache,
): Promise<DescribedCommit & { readonly commit: string }> {
  const { commit } = await readCommit({ fs, gitdir, oid, cache })
  await readTree({ fs, gitdir, oid: commit.tree, cache })
  return { commit: oid, ...describedCommit(commit.author.name, commit.message, commit.committer.timestamp) }
}

/** Whether the store has the commit, and so all that belongs to it. */
export async function hasCommit(gitdir: string, oid: string, cache: ObjectCache): Promise<boolean> {
  return describeCommit(gitdir, oid, cache).then(
    () => true,
    () => false,
  )
}

const farthestAncestor = 500

/** Looks through the newest 500 ancestors that the store has; further away is not told apart from a new history. */
export async function descendsFrom(
  gitdir: string,
  oid: string,
  ancestor: string,
  cache: ObjectCache,
): Promise<boolean> {
  const seen = new Set<string>([oid])
  for (const candidate of seen) {
    if (candidate === ancestor) return true
    if (seen.size > farthestAncestor) return true
    const parents = await readCommit({ fs, gitdir, oid: candidate, cache }).then(
      ({ commit }) => commit.parent,
      () => [],
    )
    for (const parent of parents) seen.add(parent)
  }
  return false
}

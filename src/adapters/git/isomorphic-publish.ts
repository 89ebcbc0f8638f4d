import { push, readTree, type TreeEntry, writeBlob, writeCommit, writeRef, writeTree } from 'isomorphic-git'
import type { NewBranch } from '../../ports/repository-port.ts'
import { gitFailure } from './git-failures.ts'
import type { GitHttpClient } from './http-client.ts'
import { publisher } from './publisher.ts'
import { storeFiles as fs } from './store-files.ts'

interface Target {
  readonly gitdir: string
  readonly url: string
  readonly http: GitHttpClient
  /** Commit that the branch starts from. */
  readonly parent: string
  readonly nowMs: number
}

/**
 * One commit on top of `parent`, pushed as a new branch. The objects stay in the store until it is made anew.
 * @returns false when the server had the branch meanwhile
 */
export async function publishFromStore(branch: NewBranch, target: Target): Promise<boolean> {
  const { gitdir, url, http, parent, nowMs } = target
  let { oid: tree } = await readTree({ fs, gitdir, oid: parent })
  for (const file of branch.files) {
    const blob = await writeBlob({ fs, gitdir, blob: Buffer.from(file.text) })
    tree = await withFile(gitdir, tree, file.path.split('/'), blob)
  }
  const who = { ...publisher, timestamp: Math.floor(nowMs / 1000), timezoneOffset: 0 }
  const message = branch.message.endsWith('\n') ? branch.message : `${branch.message}\n`
  const commit = await writeCommit({
    fs,
    gitdir,
    commit: { message, tree, parent: [parent], author: who, committer: who },
  })
  const ref = 'refs/heads/publish'
  await writeRef({ fs, gitdir, ref, value: commit, force: true })
  const remoteRef = `refs/heads/${branch.branch}`
  try {
    const request = (wanted: Parameters<GitHttpClient['request']>[0]) =>
      http.request(wanted).then((answer) => ({ ...answer }))
    const result = await push({ fs, http: { request }, gitdir, url, remote: 'origin', ref, remoteRef })
    const outcome = result.refs[remoteRef]
    if (result.ok && outcome?.ok === true) return true
    throw gitFailure('GIT_PUSH_REFUSED', url, outcome?.error ?? result.error ?? '')
  } catch (cause) {
    if (codeOf(cause) === 'PushRejectedError') return false
    if (codeOf(cause) === 'GitPushError') throw gitFailure('GIT_PUSH_REFUSED', url, lastLine(cause), cause)
    throw cause
  }
}

async function withFile(gitdir: string, tree: string, path: readonly string[], blob: string): Promise<string> {
  const [name = '', ...rest] = path
  const { tree: entries } = await readTree({ fs, gitdir, oid: tree })
  const existing = entries.find((entry) => entry.path === name)
  const others = entries.filter((entry) => entry !== existing)
  if (rest.length === 0) {
    if (existing !== undefined && existing.type !== 'blob') throw gitFailure('GIT_PATH_REFUSED', name)
    return writeTree({ fs, gitdir, tree: [...others, { mode: '100644', path: name, oid: blob, type: 'blob' }] })
  }
  if (existing !== undefined && existing.type !== 'tree') throw gitFailure('GIT_PATH_REFUSED', name)
  const oid = await withFileIn(gitdir, existing, rest, blob)
  return writeTree({ fs, gitdir, tree: [...others, { mode: '040000', path: name, oid, type: 'tree' }] })
}

async function withFileIn(
  gitdir: string,
  directory: TreeEntry | undefined,
  path: readonly string[],
  blob: string,
): Promise<string> {
  return withFile(gitdir, directory?.oid ?? (await writeTree({ fs, gitdir, tree: [] })), path, blob)
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined
}

/** The library puts a heading above what the server said of each branch. */
function lastLine(cause: unknown): string {
  return cause instanceof Error ? (cause.message.trim().split('\n').at(-1) ?? '') : ''
}

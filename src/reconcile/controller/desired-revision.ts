import type { ClusterNetworkStatus } from '../../domain/cluster-record.ts'
import type { Facts } from '../../domain/facts.ts'
import { Failure } from '../../domain/failure.ts'
import type { Problem } from '../../domain/problem.ts'
import type { Revision } from '../../domain/revision.ts'
import type { ClusterCompiler, CompiledCluster } from './compile-cluster.ts'

/** What the repository makes of the cluster as it is now. */
export interface DesiredNow {
  /** Of the newest revision, or of the last good one while that is refused; undefined where neither can be read. */
  readonly compiled: CompiledCluster | undefined
  /** Why the newest revision is refused. */
  readonly refused: readonly Problem[] | undefined
}

/** Finds what is to be published: the newest revision, else the last one that was good. Remembers what did not change. */
export class DesiredRevision {
  readonly #compiler: ClusterCompiler
  #good: Revision | undefined
  #last: { readonly head: Revision | undefined; readonly facts: Facts; readonly now: DesiredNow } | undefined

  constructor(compiler: ClusterCompiler) {
    this.#compiler = compiler
  }

  /** @param recorded what the record of the cluster says: the last good revision of a controller before this one */
  async read(
    head: Revision | undefined,
    facts: Facts,
    recorded: ClusterNetworkStatus | undefined,
    signal: AbortSignal,
  ): Promise<DesiredNow> {
    const last = this.#last
    if (last !== undefined && last.head === head && last.facts === facts) return last.now
    const now = await this.#compile(head, facts, recorded, signal)
    this.#last = { head, facts, now }
    const inUse = [head, this.#good].flatMap((revision) => revision?.commit ?? [])
    this.#compiler.keepOnly(inUse)
    return now
  }

  async #compile(
    head: Revision | undefined,
    facts: Facts,
    recorded: ClusterNetworkStatus | undefined,
    signal: AbortSignal,
  ): Promise<DesiredNow> {
    const newest = head === undefined ? undefined : await this.#compiler.compile(head, facts, signal)
    if (newest?.kind === 'compiled') {
      this.#good = head
      return { compiled: newest.compiled, refused: undefined }
    }
    const good = this.#good ?? recordedRevision(recorded)
    const refused = newest?.problems
    if (good === undefined || good.commit === head?.commit) return { compiled: undefined, refused }
    const compiled = await this.#compileGood(good, facts, signal)
    if (compiled !== undefined) this.#good = good
    return { compiled, refused }
  }

  /** A repository that was fetched anew may not have it any more: what is published stays then as it is. */
  async #compileGood(good: Revision, facts: Facts, signal: AbortSignal): Promise<CompiledCluster | undefined> {
    try {
      const outcome = await this.#compiler.compile(good, facts, signal)
      return outcome.kind === 'compiled' ? outcome.compiled : undefined
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof Failure) return undefined
      throw error
    }
  }
}

function recordedRevision(recorded: ClusterNetworkStatus | undefined): Revision | undefined {
  const name = recorded?.observedRevision ?? ''
  const commit = /sha1:([0-9a-f]{40})$/.exec(name)?.[1]
  if (commit === undefined) return undefined
  const entry = recorded?.history.find(({ revision }) => revision === name)
  return { name, commit, author: entry?.author ?? '', subject: entry?.subject ?? '', committedAt: '' }
}

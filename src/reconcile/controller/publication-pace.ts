import { Failure } from '../../domain/failure.ts'
import { fairleadNamespace } from '../../domain/fairlead-api.ts'
import { NetworkFights } from '../network-fights.ts'
import type { PublicationCause } from './plan-publication.ts'

const firstRetryMs = 500
const longestRetryMs = 30_000
/** An agent that refuses what was issued anew, too, has a reason that writing does not mend. */
const firstReplayMs = 60_000
const longestReplayMs = 600_000

interface Attempts {
  readonly count: number
  readonly notBeforeMs: number
}

/**
 * How soon something may be written again. What the server refuses is tried less and less often, each node for itself; what
 * somebody else undoes is put back at once, then slower, and every 30 s in the end.
 */
export class PublicationPace {
  readonly #failed = new Map<string, Attempts & { readonly failure: Failure }>()
  readonly #replayed = new Map<string, Attempts>()
  readonly #fights = new NetworkFights()

  /**
   * @param name `NodeProgram pi-1`: one for each thing that is written for itself
   * @returns milliseconds; 0 is now
   */
  waitFor(name: string, cause: PublicationCause, nowMs: number): number {
    const failedMs = (this.#failed.get(name)?.notBeforeMs ?? nowMs) - nowMs
    const foughtMs = foughtOver(cause) ? this.#fights.waitFor(name, nowMs) : 0
    const replayedMs = cause === 'Replayed' ? (this.#replayed.get(name)?.notBeforeMs ?? nowMs) - nowMs : 0
    return Math.max(0, failedMs, foughtMs, replayedMs)
  }

  wrote(name: string, cause: PublicationCause, nowMs: number): void {
    this.#failed.delete(name)
    if (foughtOver(cause)) this.#fights.repaired({ artefact: name, isProtected: false, writer: '', tookMs: 0 }, nowMs)
    if (cause !== 'Replayed') return
    const count = (this.#replayed.get(name)?.count ?? 0) + 1
    this.#replayed.set(name, { count, notBeforeMs: nowMs + growing(firstReplayMs, count, longestReplayMs) })
  }

  failed(name: string, failure: Failure, nowMs: number): void {
    const before = this.#failed.get(name)
    const count = before?.failure.detail.code === failure.detail.code ? before.count + 1 : 1
    this.#failed.set(name, { failure, count, notBeforeMs: nowMs + growing(firstRetryMs, count, longestRetryMs) })
  }

  /** @param pending names of what is still to be written: nothing else fails any more */
  keepOnly(pending: ReadonlySet<string>, nowMs: number): void {
    for (const name of this.#failed.keys()) if (!pending.has(name)) this.#failed.delete(name)
    for (const [name, { notBeforeMs }] of this.#replayed) {
      if (!pending.has(name) && nowMs - notBeforeMs > longestReplayMs) this.#replayed.delete(name)
    }
  }

  /** What could not be written, and what somebody else keeps undoing. */
  failures(nowMs: number): readonly Failure[] {
    const fights = this.#fights.contested(nowMs).map(({ artefact }) => contested(artefact))
    return [...[...this.#failed.values()].map(({ failure }) => failure), ...fights]
  }
}

/** A node that joins is like one whose program somebody deleted. */
function foughtOver(cause: PublicationCause): boolean {
  return cause === 'ForeignEdit' || cause === 'New'
}

function growing(firstMs: number, count: number, longestMs: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(count - 1, 10))
}

function contested(name: string): Failure {
  return new Failure(`somebody else writes to ${name}, or deletes it, again and again`, {
    code: 'PROGRAM_CONTESTED',
    where: name,
    fix: `find out who: kubectl -n ${fairleadNamespace} get nodeprograms,programcontents -o yaml --show-managed-fields`,
    retry: 'soon',
  })
}

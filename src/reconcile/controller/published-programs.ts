import type { LiveObject, PickedStore } from '../../ports/kube-objects-port.ts'
import { type PublishedRecord, publishedRecord } from './published-record.ts'

/** A watch that is behind for so long is believed all the same: it may be the datastore that went back. */
const believedMs = 10_000

interface Written {
  /** Version of what the watch had told when it was written. */
  readonly over: string | undefined
  readonly record: PublishedRecord | undefined
  readonly atMs: number
}

/**
 * The NodeProgram objects as the watch tells them, and what was written here since: the watch is a moment behind, and what
 * was just written must not be taken for missing.
 */
export class PublishedPrograms {
  readonly #store: PickedStore<PublishedRecord>
  readonly #nowMs: () => number
  readonly #written = new Map<string, Written>()

  /** @param nowMs on a clock that nobody sets */
  constructor(store: PickedStore<PublishedRecord>, nowMs: () => number) {
    this.#store = store
    this.#nowMs = nowMs
  }

  get(node: string): PublishedRecord | undefined {
    const told = this.#told(node)
    const written = this.#written.get(node)
    if (written === undefined) return told
    if (told?.metadata.resourceVersion === written.over) return written.record
    if (told !== undefined && this.#isBefore(told, written)) return withStatusOf(told, written.record)
    this.#written.delete(node)
    return told
  }

  all(): ReadonlyMap<string, PublishedRecord> {
    const nodes = new Set([...this.#written.keys()])
    for (const { node } of this.#store.items()) nodes.add(node)
    return new Map(
      [...nodes].flatMap((node) => {
        const record = this.get(node)
        return record === undefined ? [] : [[node, record] as const]
      }),
    )
  }

  /** @param now undefined when it was deleted */
  wrote(node: string, now: LiveObject | undefined): PublishedRecord | undefined {
    const record = now === undefined ? undefined : publishedRecord(now)
    this.#written.set(node, { over: this.#told(node)?.metadata.resourceVersion, record, atMs: this.#nowMs() })
    return record
  }

  /** What was live when it was written may be newer than what the watch had told, and is told only now. */
  #isBefore(told: PublishedRecord, { record, atMs }: Written): boolean {
    return (
      told.metadata.uid === record?.metadata.uid && told.sequence < record.sequence && this.#nowMs() - atMs < believedMs
    )
  }

  #told(node: string): PublishedRecord | undefined {
    return this.#store.get(`fairlead-system/${node}`)
  }
}

function withStatusOf({ status }: PublishedRecord, written: PublishedRecord | undefined): PublishedRecord | undefined {
  return written === undefined || status === undefined ? written : { ...written, status }
}

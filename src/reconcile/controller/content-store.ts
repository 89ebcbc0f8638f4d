import type { KubernetesObject } from '../../domain/facts.ts'
import { Failure } from '../../domain/failure.ts'
import { contentName, fairleadKinds, fairleadNamespace } from '../../domain/fairlead-api.ts'
import type { KubeObjectsPort, PickedStore } from '../../ports/kube-objects-port.ts'
import { type ContentRecord, contentObject } from './content-record.ts'

/** What cannot be removed is left alone for so long. */
const removeAgainMs = 60_000

interface CollectedContents {
  readonly removed: number
  readonly failures: readonly Failure[]
}

/** The large parts of programs in the API. Written before any program that refers to them; removed long after the last. */
export class ContentStore {
  readonly #objects: KubeObjectsPort
  readonly #store: PickedStore<ContentRecord>
  /** Written here; the watch may not have told of them yet. */
  readonly #written = new Set<string>()
  /** Name → when it was first seen that nobody refers to it, on the monotonic clock. */
  readonly #unused = new Map<string, number>()

  constructor(objects: KubeObjectsPort, store: PickedStore<ContentRecord>) {
    this.#objects = objects
    this.#store = store
  }

  has(digest: string): boolean {
    const name = contentName(digest)
    const told = this.#store.get(`${fairleadNamespace}/${name}`)
    if (told === undefined) return this.#written.has(name)
    this.#written.delete(name)
    return told.isWhole
  }

  /** @param contents digest → data */
  async ensure(contents: ReadonlyMap<string, string>, cluster: string, signal: AbortSignal): Promise<void> {
    for (const [digest, data] of contents) {
      if (!this.has(digest)) await this.#write(contentObject(digest, data, cluster), signal)
    }
  }

  /**
   * Removes what nobody has referred to for `graceMs`: an agent may still be fetching the contents of the program before.
   * What cannot be removed is tried again after a while; it stands in nobody's way.
   * @throws Failure LEAD_LOST
   */
  async collect(
    referred: ReadonlySet<string>,
    nowMs: number,
    graceMs: number,
    signal: AbortSignal,
  ): Promise<CollectedContents> {
    const names = new Set([...referred].map(contentName))
    const doomed: ContentRecord[] = []
    const there = new Set<string>()
    for (const record of this.#store.items()) {
      there.add(record.name)
      if (names.has(record.name) || !record.isOurs) {
        this.#unused.delete(record.name)
        continue
      }
      const sinceMs = this.#unused.get(record.name) ?? nowMs
      this.#unused.set(record.name, sinceMs)
      if (nowMs - sinceMs >= graceMs) doomed.push(record)
    }
    for (const name of this.#unused.keys()) if (!there.has(name)) this.#unused.delete(name)
    for (const name of this.#written) if (!there.has(name) && !names.has(name)) this.#written.delete(name)
    const failures: Failure[] = []
    for (const { name, uid } of doomed) {
      try {
        await this.#remove(name, uid, signal)
      } catch (error) {
        if (!(error instanceof Failure) || error.detail.code === 'LEAD_LOST') throw error
        failures.push(error)
        this.#unused.set(name, nowMs + removeAgainMs - graceMs)
      }
    }
    return { removed: doomed.length - failures.length, failures }
  }

  async #remove(name: string, uid: string, signal: AbortSignal): Promise<void> {
    const ref = { ...fairleadKinds.programContent, namespace: fairleadNamespace, name }
    await this.#objects.delete(ref, { uid }, signal)
    this.#unused.delete(name)
    this.#written.delete(name)
  }

  async #write(object: KubernetesObject, signal: AbortSignal): Promise<void> {
    try {
      await this.#objects.create(object, {}, signal)
    } catch (error) {
      if (!(error instanceof Failure) || error.detail.code !== 'KUBE_EXISTS') throw error
      // There already, or with data that is not what its name says.
      await this.#objects.apply(object, { force: true }, signal)
    }
    this.#written.add(object.metadata.name)
  }
}

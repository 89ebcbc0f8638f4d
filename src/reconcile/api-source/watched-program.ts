import { Failure } from '../../domain/failure.ts'
import { fairleadKinds, fairleadNamespace } from '../../domain/fairlead-api.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeObjectsPort, KubeStore, LiveObject } from '../../ports/kube-objects-port.ts'
import type { NodeApi, NodeApiPort } from '../../ports/node-api-port.ts'

/** What a look at the API came to. */
export type Look =
  | { readonly kind: 'found'; readonly object: LiveObject; readonly objects: KubeObjectsPort }
  /** The API answers, and has no program for this node. */
  | { readonly kind: 'absent' }

interface Link {
  readonly api: NodeApi
  readonly store: KubeStore
  /** The first list is here. */
  isListed: boolean
}

/** The first answer takes this long at most before what is known counts as all; milliseconds. */
const patienceMs = 5_000
/** While the API is away, how soon its return is noticed. */
const returnEveryMs = 1_000

/** The NodeProgram object of one node, kept up to date by a watch of this one object. */
export class WatchedProgram {
  readonly #node: string
  readonly #api: NodeApiPort
  readonly #clock: ClockPort
  readonly #ending = new AbortController()
  #link: Link | undefined
  #opening: Promise<Link> | undefined
  #onHint: () => void = () => undefined
  #seen = ''
  #isAwaitingReturn = false

  constructor(node: string, api: NodeApiPort, clock: ClockPort) {
    this.#node = node
    this.#api = api
    this.#clock = clock
  }

  get description(): string {
    return `NodeProgram ${fairleadNamespace}/${this.#node}`
  }

  hintTo(onHint: () => void): void {
    this.#onHint = onHint
  }

  /** As the watch has it now, without asking anybody. */
  current(): Extract<Look, { kind: 'found' }> | undefined {
    const object = this.#link?.store.get(this.#key)
    return this.#link === undefined || object === undefined
      ? undefined
      : { kind: 'found', object, objects: this.#link.api.objects }
  }

  /** @throws Failure when the API cannot be asked; who waits is hinted once it can */
  async look(signal: AbortSignal): Promise<Look> {
    try {
      const link = await this.#open()
      await this.#firstAnswer(link, signal)
      const state = link.store.state()
      if (state.kind === 'interrupted') throw state.failure
      if (!link.isListed) throw silent(this.description)
      return this.current() ?? { kind: 'absent' }
    } catch (error) {
      if (error instanceof Failure) this.#awaitReturn()
      throw error
    }
  }

  /** Asks once, for nothing but whether somebody answers; who waits is hinted once they do. */
  async isAnswering(): Promise<boolean> {
    try {
      await this.look(this.#ending.signal)
      return true
    } catch (error) {
      if (error instanceof Failure || this.#ending.signal.aborted) return false
      throw error
    }
  }

  async close(): Promise<void> {
    this.#ending.abort()
    await this.#opening?.catch(() => undefined)
    await this.#link?.api.close()
  }

  get #key(): string {
    return `${fairleadNamespace}/${this.#node}`
  }

  async #open(): Promise<Link> {
    if (this.#link !== undefined) return this.#link
    this.#opening ??= this.#openOnce().finally(() => {
      this.#opening = undefined
    })
    return await this.#opening
  }

  async #openOnce(): Promise<Link> {
    const api = await this.#api.open(this.#ending.signal)
    // A Role can name one object for list and watch only when the request does: by this selector.
    const query = {
      ...fairleadKinds.nodeProgram,
      namespace: fairleadNamespace,
      fieldSelector: `metadata.name=${this.#node}`,
    }
    const store = api.objects.watch(query, () => this.#changed(), this.#ending.signal)
    const link: Link = { api, store, isListed: false }
    const listed = (): void => {
      link.isListed = true
    }
    store.ready.then(listed, () => undefined)
    this.#link = link
    return link
  }

  /** Our own status is news of nothing: only what somebody asks for is. */
  #changed(): void {
    const object = this.#link?.store.get(this.#key)
    const seen = object === undefined ? '' : `${object.metadata.uid} ${String(object.metadata['generation'])}`
    if (seen === this.#seen) return
    this.#seen = seen
    this.#onHint()
  }

  async #firstAnswer({ store, isListed }: Link, signal: AbortSignal): Promise<void> {
    if (isListed || store.state().kind === 'interrupted') return
    const enough = new AbortController()
    const until = AbortSignal.any([signal, enough.signal])
    const failed = async (): Promise<void> => {
      const deadlineMs = this.#clock.monotonicMs() + patienceMs
      while (!until.aborted && store.state().kind !== 'interrupted' && this.#clock.monotonicMs() < deadlineMs) {
        await this.#clock.sleep(50, until)
      }
    }
    await Promise.race([store.ready.catch(() => undefined), failed()])
    enough.abort()
  }

  /** A store tells of objects, not of itself. */
  #awaitReturn(): void {
    if (this.#isAwaitingReturn) return
    this.#isAwaitingReturn = true
    void this.#noticeReturn().finally(() => {
      this.#isAwaitingReturn = false
    })
  }

  async #noticeReturn(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      await this.#clock.sleep(returnEveryMs, signal)
      if (signal.aborted) return
      const link = this.#link ?? (await this.#open().catch(() => undefined))
      if (link?.store.state().kind === 'watching') return this.#onHint()
    }
  }
}

function silent(where: string): Failure {
  return new Failure('the API did not answer in time', {
    code: 'KUBE_TIMEOUT',
    where,
    fix: 'it is asked again; look at the load of the servers if it stays so',
    retry: 'soon',
  })
}

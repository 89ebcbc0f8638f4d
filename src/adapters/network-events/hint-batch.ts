import type { NetworkHint } from '../../ports/network-events-port.ts'

/** Long enough for the lines of one change to arrive together, short enough to be lost in the time of a repair. */
const batchMs = 10

/**
 * Passes the first hint on at once, and what follows within ten milliseconds as one hint of each kind at their end: a
 * storm becomes a hundred a second, a single change waits for nothing.
 */
export class HintBatch {
  readonly #onHint: (hint: NetworkHint) => void
  readonly #held = new Map<string, NetworkHint>()
  #timer: NodeJS.Timeout | undefined

  constructor(onHint: (hint: NetworkHint) => void) {
    this.#onHint = onHint
  }

  add(hint: NetworkHint): void {
    if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#flush(), batchMs)
      this.#onHint(hint)
      return
    }
    this.#held.set(`${hint.subject} ${hint.lost === true} ${hint.by ?? ''}`, hint)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#held.clear()
  }

  #flush(): void {
    this.#timer = undefined
    if (this.#held.size === 0) return
    const held = [...this.#held.values()]
    this.#held.clear()
    this.#timer = setTimeout(() => this.#flush(), batchMs)
    for (const hint of held) this.#onHint(hint)
  }
}

/** Remembers the last deliveries that were taken, by what names them. */
export class RecentDeliveries {
  readonly #capacity: number
  readonly #names = new Set<string>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Remembers all names of one delivery; false when any of them is known already. */
  remember(names: readonly string[]): boolean {
    const isNew = names.every((name) => !this.#names.has(name))
    for (const name of names) this.#names.add(name)
    for (const oldest of this.#names) {
      if (this.#names.size <= this.#capacity) break
      this.#names.delete(oldest)
    }
    return isNew
  }
}

/** Times of named steps, in milliseconds. */
export class StepTimes<Step extends string> {
  readonly #times: Partial<Record<Step, number[]>> = {}

  /** @param isCounted false while caches warm */
  async measure<T>(step: Step, isCounted: boolean, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now()
    const result = await work()
    if (isCounted) this.#times[step] = [...(this.#times[step] ?? []), performance.now() - startedAt]
    return result
  }

  all(): Partial<Record<Step, readonly number[]>> {
    return this.#times
  }
}

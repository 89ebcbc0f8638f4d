/**
 * Milliseconds until something is so, as seen by asking again and again: the time of the last question is in it.
 * @throws Error when it is not so within `limitMs`
 */
export async function timeUntil(isSo: () => Promise<boolean>, limitMs: number): Promise<number> {
  const began = performance.now()
  for (;;) {
    if (await isSo()) return performance.now() - began
    if (performance.now() - began > limitMs) throw new Error(`not within ${limitMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** The middle one: a machine that does other things as well is late now and then. */
export function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN
}

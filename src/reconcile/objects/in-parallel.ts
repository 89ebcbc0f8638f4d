/** As many as the adapter sends at once; more would only wait there. */
const atOnce = 16

/**
 * All of them, some at a time; answers in the order of `items`. After a throw, and once `signal` is aborted, nothing new
 * begins, and what runs is awaited before the first error is thrown.
 */
export async function inParallel<Item, Answer>(
  items: readonly Item[],
  run: (item: Item) => Promise<Answer>,
  signal: AbortSignal,
): Promise<readonly Answer[]> {
  const answers = new Map<number, Answer>()
  const errors: unknown[] = []
  const rest = items.entries()
  const work = async (): Promise<void> => {
    for (const [index, item] of rest) {
      if (errors.length > 0) return
      try {
        signal.throwIfAborted()
        answers.set(index, await run(item))
      } catch (error) {
        errors.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work))
  if (errors.length > 0) throw errors[0]
  return items.flatMap((_, index) => {
    const answer = answers.get(index)
    return answer === undefined ? [] : [answer]
  })
}

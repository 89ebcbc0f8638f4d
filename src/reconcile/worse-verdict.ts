import type { Verdict } from '../domain/verdict.ts'

const rank: Readonly<Record<Verdict['kind'], number>> = { settled: 0, pending: 1, blocked: 2, failed: 3 }

/** One verdict for a node whose parts are looked at apart from each other: the worse of the two, the first of equals. */
export function worseVerdict(a: Verdict | undefined, b: Verdict | undefined): Verdict | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return rank[b.kind] > rank[a.kind] ? b : a
}

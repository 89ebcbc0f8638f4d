import type { ProbeResult } from '../domain/probe.ts'
import type { RoundPlan } from './round-plan.ts'

/** All required probes, asked at once. */
export interface ProbeRound {
  /** When it began: milliseconds on a clock that nobody sets. */
  readonly atMs: number
  readonly results: readonly ProbeResult[]
}

export type RoundsVerdict =
  | { readonly kind: 'open' }
  | { readonly kind: 'settled' }
  /** Sorted. */
  | { readonly kind: 'failed'; readonly names: readonly string[] }

/** One lost packet is no verdict: the same probe has to fail so often among its last answers. */
const failuresThatCount = { of: 3, failed: 2 } as const

/**
 * Settled when enough rounds in a row passed whole and they span the settle time: neighbours, connection tracking and
 * path MTU fail late. Failed when the same probe did not answer in two of its last three rounds.
 */
export function judgeRounds(
  rounds: readonly ProbeRound[],
  plan: Pick<RoundPlan, 'settleMs' | 'rounds'>,
): RoundsVerdict {
  const names = failingProbes(rounds)
  if (names.length > 0) return { kind: 'failed', names }
  const lastFailure = rounds.findLastIndex(({ results }) => results.some(({ passed }) => !passed))
  const passed = rounds.slice(lastFailure + 1)
  const [first, last] = [passed[0], passed.at(-1)]
  if (first === undefined || last === undefined || passed.length < plan.rounds) return { kind: 'open' }
  return last.atMs - first.atMs >= plan.settleMs ? { kind: 'settled' } : { kind: 'open' }
}

function failingProbes(rounds: readonly ProbeRound[]): string[] {
  const failed = new Map<string, number>()
  for (const { results } of rounds.slice(-failuresThatCount.of)) {
    for (const { name, passed } of results) if (!passed) failed.set(name, (failed.get(name) ?? 0) + 1)
  }
  return [...failed]
    .filter(([, count]) => count >= failuresThatCount.failed)
    .map(([name]) => name)
    .sort()
}

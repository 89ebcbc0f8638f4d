import type { ProbeSpec } from '../domain/probe.ts'

/** How a window is used: probes with their time, rounds of them, and what is kept for the way back. */
export interface RoundPlan {
  /** Whether the slowest answers leave a verdict before the deadline. */
  readonly fits: boolean
  /** The shortest window that would do. */
  readonly neededMs: number
  /** The probes, none with more time than its round has. */
  readonly probes: readonly ProbeSpec[]
  readonly rounds: number
  readonly settleMs: number
  /** Between two rounds. */
  readonly pauseMs: number
}

const reserveMs = 5_000
const rounds = 3
const longestSettleMs = 10_000
const shortestSettleMs = 1_000
const shortestProbeMs = 500

/**
 * The window less five seconds for the way back is shared: half for slow answers, the rest for the settle time, at most
 * ten seconds. Probes of one round run together, so a round takes as long as its slowest; budgets that add up to more than
 * the window are how others rolled good changes back (kubernetes-nmstate #510).
 */
export function planRounds(confirmTimeoutMs: number, probes: readonly ProbeSpec[]): RoundPlan {
  const usableMs = confirmTimeoutMs - reserveMs
  const perRoundMs = Math.floor(usableMs / 2 / rounds)
  const given = probes.map((probe) => ({ ...probe, timeoutMs: Math.min(probe.timeoutMs, perRoundMs) }))
  const slowestMs = Math.max(0, ...given.map(({ timeoutMs }) => timeoutMs))
  const settleMs = Math.min(longestSettleMs, usableMs - rounds * slowestMs)
  return {
    fits: settleMs >= shortestSettleMs && (probes.length === 0 || perRoundMs >= shortestProbeMs),
    neededMs: reserveMs + shortestSettleMs + 2 * rounds * shortestProbeMs,
    probes: given,
    rounds,
    settleMs,
    pauseMs: Math.max(200, Math.min(1_000, Math.floor(settleMs / rounds))),
  }
}

import { hasLooked, type NodeStanding } from './node-standing.ts'

/** How long a server waits for an agent that is slower to look: a new program reaches those who watch in a moment. */
export const agentPatienceMs = 10_000

/** A node that is no server, whose agent is alive and has not seen its program. */
export function mayYetAsk(standing: NodeStanding): boolean {
  const { role, status, isSilent = false, isExcluded = false } = standing
  if (role === 'server' || status === undefined || isSilent || isExcluded) return false
  return !hasLooked(standing) && patienceLeftMs(standing) > 0
}

/** The one that is waited for longest. */
export function laterOf(a: NodeStanding | undefined, b: NodeStanding | undefined): NodeStanding | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return patienceLeftMs(b) > patienceLeftMs(a) ? b : a
}

export function patienceLeftMs({ published }: NodeStanding): number {
  return published.forMs === undefined ? 0 : Math.max(0, agentPatienceMs - published.forMs)
}

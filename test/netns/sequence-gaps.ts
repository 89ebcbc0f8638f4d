/** Packets that did not arrive between two that did. */
export interface Gap {
  /** Sequence number of the first missing packet. */
  readonly first: number
  readonly count: number
  /** By the sender's clock, from the last packet before to the first one after. */
  readonly outageMs: number
}

/** What a stream of numbered packets went through. */
export interface StreamLoss {
  readonly lost: number
  readonly duplicates: number
  readonly gaps: readonly Gap[]
  readonly longestOutageMs: number
}

/**
 * @param arrived number and sending time of every packet that arrived, in any order
 * @param sent how many were sent: what is missing at either end is a gap as well
 * @param endedAtMs when the last one was sent, by the same clock as the packets
 */
export function gapsOf(
  arrived: readonly { readonly sequence: number; readonly sentAtMs: number }[],
  sent: number,
  endedAtMs: number,
): StreamLoss {
  const ordered = arrived.toSorted((a, b) => a.sequence - b.sequence)
  const gaps: Gap[] = []
  let expected = 0
  let lastAtMs = 0
  let duplicates = 0
  for (const { sequence, sentAtMs } of ordered) {
    if (sequence < expected) {
      duplicates += 1
      continue
    }
    if (sequence > expected) gaps.push({ first: expected, count: sequence - expected, outageMs: sentAtMs - lastAtMs })
    expected = sequence + 1
    lastAtMs = sentAtMs
  }
  if (expected < sent) gaps.push({ first: expected, count: sent - expected, outageMs: endedAtMs - lastAtMs })
  return {
    lost: gaps.reduce((sum, { count }) => sum + count, 0),
    duplicates,
    gaps,
    longestOutageMs: gaps.reduce((longest, { outageMs }) => Math.max(longest, outageMs), 0),
  }
}

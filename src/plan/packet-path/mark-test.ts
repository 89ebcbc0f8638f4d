import type { Certainty } from './certainty.ts'
import type { Test } from './compiled-rule.ts'

interface MarkMatch {
  readonly value: number
  readonly mask: number
  readonly negated: boolean
}

/** Whether the bits of the mask are those of the value. */
export function markTest(match: MarkMatch): Test {
  return (packet) => compare(packet.mark, packet.markUnknown, match)
}

export function connectionMarkTest(match: MarkMatch): Test {
  return (packet) => compare(packet.connectionMark, packet.connectionMarkUnknown, match)
}

function compare(mark: number, unknown: number, { value, mask, negated }: MarkMatch): Certainty {
  const known = mask & ~unknown
  // One bit that is known to differ is enough.
  if (((mark ^ value) & known) !== 0 || (value & ~mask) !== 0) return negated ? 'yes' : 'no'
  if ((mask & unknown) !== 0) return 'maybe'
  return negated ? 'no' : 'yes'
}

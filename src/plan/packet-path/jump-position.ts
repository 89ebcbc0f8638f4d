import type { ChainEntry } from '../../domain/packet-filter.ts'

/**
 * Where our jump stands among the rules of a built-in chain, by the targets of its rules: where it is already, as long as
 * that fulfils the order; otherwise after the last one that has to come before it, and else first.
 * @see node-networking §1.5
 */
export function jumpPosition(
  targets: readonly (string | undefined)[],
  own: string,
  { before, after }: Pick<ChainEntry, 'before' | 'after'>,
): number {
  const lastAfter = targets.findLastIndex((target) => target !== undefined && after.includes(target))
  const firstBefore = targets.findIndex((target) => target !== undefined && before.includes(target))
  const now = targets.indexOf(own)
  if (now > lastAfter && (firstBefore < 0 || now < firstBefore)) return now
  return lastAfter + 1
}

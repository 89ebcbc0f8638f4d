import type { FilterProgram } from '../../src/domain/packet-filter.ts'
import {
  accept,
  anchor,
  chainOf,
  drop,
  familyOf,
  network,
  ports,
  type RuleDraft,
} from '../../test/lab/filter-programs.ts'

export type FilterShape = 'one chain' | 'chains of 1,000'

const chainLength = 1_000

/**
 * A program of `count` accepts, each of one address and one port; IPv6 gets the anchor alone.
 * @param variant programs of two variants have no rule in common
 */
export function filterOfSize(count: number, shape: FilterShape, variant: number): FilterProgram {
  const rules = Array.from({ length: count }, (_, index) => acceptOf(index, variant))
  if (shape === 'one chain') return programOf([chainOf('FAIRLEAD-INPUT', 'filter', rules, { hook: 'INPUT' })])
  const parts = Array.from({ length: Math.ceil(count / chainLength) }, (_, index) =>
    chainOf(`FAIRLEAD-IN-${index}`, 'filter', rules.slice(index * chainLength, (index + 1) * chainLength)),
  )
  const jumps = parts.map(({ name }): RuleDraft => ({ match: {}, action: { kind: 'jump', chain: name } }))
  return programOf([chainOf('FAIRLEAD-INPUT', 'filter', jumps, { hook: 'INPUT' }), ...parts])
}

/** The same, and at the end of the chain a drop of one port, so that nobody gives up repairing it. */
export function denyingFilter(count: number): FilterProgram {
  const rules = Array.from({ length: count - 1 }, (_, index) => acceptOf(index, 0))
  const deny: RuleDraft = { match: { protocol: 'tcp', destinationPorts: ports(9_999) }, action: drop }
  return programOf([chainOf('FAIRLEAD-INPUT', 'filter', [...rules, deny], { hook: 'INPUT' })])
}

function programOf(chains: Parameters<typeof familyOf>[0]): FilterProgram {
  return { v4: familyOf([anchor, ...chains]), v6: familyOf([anchor]) }
}

function acceptOf(index: number, variant: number): RuleDraft {
  const source = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}/32`
  const destinationPorts = ports(1 + ((index + variant * 20_000) % 65_000))
  return { match: { source: network(source), protocol: 'tcp', destinationPorts }, action: accept }
}

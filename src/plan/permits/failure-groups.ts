import type { NodeRole } from '../../domain/facts.ts'

/**
 * What a node must not lose at the same time as others: servers hold the datastore together, the nodes of a pool its
 * addresses.
 * @param pools names of the pools that it is in
 */
export function failureGroups(role: NodeRole, pools: readonly string[]): readonly string[] {
  return [...(role === 'server' ? ['etcd'] : []), ...pools.map((pool) => `pool:${pool}`)].sort()
}

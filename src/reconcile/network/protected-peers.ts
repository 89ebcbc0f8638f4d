import { parseAddress, parseCidr } from '../../domain/cidr.ts'
import type { NetworkProgram } from '../../domain/network-program.ts'

/**
 * Addresses that a node must be able to answer whatever its routes: hosts that probes and failsafes name, and of each
 * network of theirs the first address.
 */
export function protectedPeers(program: NetworkProgram | undefined): readonly string[] {
  if (program === undefined) return []
  const probed = program.probes.flatMap(({ check }) =>
    'host' in check && parseAddress(check.host) !== undefined ? [check.host] : [],
  )
  const networks = program.failsafe.flows.flatMap(({ peers }) => peers)
  return [...new Set([...probed, ...networks.flatMap(firstAddress)])].sort()
}

function firstAddress(network: string): string[] {
  return parseCidr(network) === undefined ? [] : [network.slice(0, network.indexOf('/'))]
}

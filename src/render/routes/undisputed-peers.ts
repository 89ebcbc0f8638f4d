import { addressBits, type Cidr, parseCidr } from '../../domain/cidr.ts'
import type { PodRoutePeer } from '../../domain/pod-routes.ts'

/**
 * Peers whose networks are plausible: inside the networks of pods, of nobody else as well, and around nobody else's. A
 * machine names its network itself when it registers its Node, and a route that was made of it must not lead anything away
 * but its own pods.
 */
export function undisputedPeers(
  peers: readonly PodRoutePeer[],
  clusterCIDRs: readonly string[],
): readonly PodRoutePeer[] {
  const clusters = clusterCIDRs.map(parseCidr).filter((range) => range !== undefined)
  const claims = peers.flatMap((peer) =>
    peer.podCIDRs.flatMap((text): Claim[] => {
      const range = parseCidr(text)
      return range === undefined ? [] : [{ node: peer.node, range }]
    }),
  )
  const refused = new Set([
    ...claims.filter(({ range }) => !clusters.some((cluster) => holds(cluster, range))).map(({ node }) => node),
    ...overlapping(claims),
  ])
  return refused.size === 0 ? peers : peers.filter(({ node }) => !refused.has(node))
}

interface Claim {
  readonly node: string
  readonly range: Cidr
}

/** Whose network has another's inside; of two that are the same, both. */
function overlapping(claims: readonly Claim[]): readonly string[] {
  const around: Claim[] = []
  const found: string[] = []
  for (const claim of claims.toSorted((a, b) => byPlace(a.range, b.range))) {
    let last = around.at(-1)
    while (last !== undefined && !holds(last.range, claim.range)) {
      around.pop()
      last = around.at(-1)
    }
    if (last !== undefined && last.node !== claim.node) {
      found.push(...around.map(({ node }) => node))
      if (last.range.prefixBits === claim.range.prefixBits) found.push(claim.node)
    }
    around.push(claim)
  }
  return found
}

/** A wider network comes before those that it holds. */
function byPlace(a: Cidr, b: Cidr): number {
  if (a.family !== b.family) return a.family - b.family
  if (a.network !== b.network) return a.network < b.network ? -1 : 1
  return a.prefixBits - b.prefixBits
}

function holds(outer: Cidr, inner: Cidr): boolean {
  if (outer.family !== inner.family || outer.prefixBits > inner.prefixBits) return false
  const hostBits = BigInt(addressBits(outer.family) - outer.prefixBits)
  return outer.network >> hostBits === inner.network >> hostBits
}

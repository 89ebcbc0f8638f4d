import type { PendingReason, Placement, PredictedPod } from './prediction.ts'

/** Why a status stays empty: the first thing on the way from the labels to an address that stands in between. */
export function pendingReason(
  { candidates, excluded, pods }: Pick<Placement, 'candidates' | 'excluded' | 'pods'>,
  hasNodes: boolean,
): PendingReason {
  if (hasNodes) return { code: 'no-address-of-family', text: 'its nodes have no address of its families' }
  if (candidates.length === 0) {
    const tainted = excluded.filter(({ reason }) => reason === 'taint')
    return tainted.length === 0
      ? { code: 'no-node-selected', text: 'no node has the labels that it selects' }
      : { code: 'no-node-tolerated', text: `its nodes have taints that it does not tolerate: ${nodesIn(tainted)}` }
  }
  if (pods.some((pod) => pod.state === 'ready')) {
    return { code: 'no-endpoint', text: 'externalTrafficPolicy is Local and no node of it has a ready endpoint' }
  }
  const waiting = pods.filter((pod) => pod.state === 'pending')
  const [first] = waiting
  return first === undefined
    ? { code: 'no-pod-ready', text: `none of its pods becomes ready: ${refusedIn(pods)}` }
    : { code: 'ports-taken', text: `port ${first.port} is taken by ${first.heldBy.key} on ${nodesIn(waiting)}` }
}

function nodesIn(entries: readonly { readonly node: string }[]): string {
  const names = entries.map(({ node }) => node)
  const shown = names.slice(0, shownNames).join(', ')
  return names.length > shownNames ? `${shown} and ${names.length - shownNames} more` : shown
}

function refusedIn(pods: readonly PredictedPod[]): string {
  return pods.some((pod) => pod.state === 'rejected')
    ? 'servicelb is disabled on its nodes, so their kubelets refuse the sysctls'
    : 'its nodes, or the pods on them, are not ready'
}

const shownNames = 5

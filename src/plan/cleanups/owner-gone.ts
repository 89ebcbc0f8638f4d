import type { CleanupArtefact } from '../../domain/cleanup.ts'
import type { Leftovers } from '../../domain/leftovers.ts'
import type { CleanupEvidence } from './evidence.ts'
import { backendInForce, switchInForce } from './flags-in-force.ts'
import { routesBy } from './route-leftovers.ts'

/**
 * Why what was found has to stay: its owner runs (`still-active`), or nobody can tell. Undefined when it is gone from
 * this node for good.
 */
export function whyNotGone(
  artefact: CleanupArtefact,
  leftovers: Leftovers,
  evidence: CleanupEvidence,
): string | undefined {
  const isVouched = evidence.vouched.has(artefact.cleanup)
  const running = (programs: readonly string[]): string | undefined => {
    const found = programs.find((program) => leftovers.programs.includes(program))
    return found === undefined ? undefined : `still-active: ${found} runs on this node`
  }
  const switchedOff = (flag: string): string | undefined => {
    const state = switchInForce(leftovers, flag)
    if (state === 'on' || (state === 'unknown' && isVouched)) return undefined
    return state === 'off'
      ? `still-active: the K3s that runs here was started without --${flag}`
      : unknown(leftovers, `--${flag}`)
  }
  switch (artefact.cleanup) {
    case 'network-policy':
      return running(['kube-router']) ?? switchedOff('disable-network-policy')
    case 'vxlan-devices':
      return (
        running(['flanneld']) ??
        backendIsNot(['vxlan'], leftovers, isVouched) ??
        peersStillUse('vxlan', artefact, leftovers, evidence)
      )
    case 'wireguard-devices':
      return (
        running(['flanneld']) ??
        backendIsNot(['wireguard-native'], leftovers, isVouched) ??
        peersStillUse('wireguard', artefact, leftovers, evidence)
      )
    case 'legacy-backends':
      return (
        running(['flanneld', 'charon']) ??
        backendIsNot(['wireguard', 'ipsec'], leftovers, isVouched) ??
        peersStillUse('extension', artefact, leftovers, evidence)
      )
    case 'flannel':
      return running(['flanneld']) ?? flannelIsOff(leftovers, isVouched)
    case 'calico':
      return running(['calico-node']) ?? anotherNetworkRuns(leftovers, ['cilium-agent'], isVouched)
    case 'cilium':
      return running(['cilium-agent']) ?? anotherNetworkRuns(leftovers, ['calico-node', 'flanneld'], isVouched)
    case 'kube-proxy':
      return running(['kube-proxy']) ?? switchedOff('disable-kube-proxy') ?? replacementMissing(leftovers, evidence)
    case 'servicelb':
      return leftovers.containers === undefined
        ? 'unknown: the container runtime could not be asked which containers there are'
        : undefined
  }
}

function unknown({ k3sArguments }: Leftovers, what: string): string {
  if (k3sArguments === undefined) return `unknown: nothing shows what the K3s of this node was started with (${what})`
  return `unknown: this is an agent, and ${what} is a matter of its servers`
}

function backendIsNot(backends: readonly string[], leftovers: Leftovers, isVouched: boolean): string | undefined {
  const backend = backendInForce(leftovers)
  if (backend === undefined) return isVouched ? undefined : unknown(leftovers, '--flannel-backend')
  return backends.includes(backend) ? `still-active: flannel runs with the backend ${backend}` : undefined
}

function flannelIsOff(leftovers: Leftovers, isVouched: boolean): string | undefined {
  const backend = backendInForce(leftovers)
  if (backend === 'none') return undefined
  if (leftovers.k3sArguments?.[0] === 'server') return `still-active: flannel runs with the backend ${backend}`
  // The file of an agent tells which backend it ran last, and not that it runs none now.
  return isVouched ? undefined : unknown(leftovers, '--flannel-backend=none')
}

/**
 * A node that still has the old backend sends through the old device, and is reached only through it. host-gw replaces
 * the route of each node that has switched, so that no route by the device means that all have; a tunnel does not.
 */
function peersStillUse(
  backend: string,
  { cleanup, clusterCIDRs }: CleanupArtefact,
  leftovers: Leftovers,
  { peerBackends, vouched }: CleanupEvidence,
): string | undefined {
  if (peerBackends !== undefined) {
    return peerBackends.has(backend) ? `still-active: other nodes still announce the backend ${backend}` : undefined
  }
  if (vouched.has(cleanup)) return undefined
  if (cleanup === 'vxlan-devices' && ['host-gw', 'none'].includes(backendInForce(leftovers) ?? '')) {
    const [route] = leftovers.links
      .filter(({ kind }) => kind === 'vxlan')
      .flatMap(({ name }) => routesBy(name, clusterCIDRs, leftovers))
    return route === undefined ? undefined : `still-active: ${route.to} is reached by ${route.device}`
  }
  return 'unknown: nothing here shows that the other nodes have switched too'
}

function anotherNetworkRuns(leftovers: Leftovers, programs: readonly string[], isVouched: boolean): string | undefined {
  const backend = backendInForce(leftovers)
  const isServer = leftovers.k3sArguments?.[0] === 'server'
  if (isServer && backend !== undefined && backend !== 'none') return undefined
  if (programs.some((program) => leftovers.programs.includes(program)) || isVouched) return undefined
  // An agent that crashes is away for minutes and comes back.
  return 'unknown: no other pod network runs here, so that its agent may only be down for a while'
}

const replacements = ['cilium-agent', 'calico-node', 'kube-router']

function replacementMissing({ programs }: Leftovers, evidence: CleanupEvidence): string | undefined {
  if (!replacements.some((program) => programs.includes(program))) {
    return `unknown: none of ${replacements.join(', ')} runs here, and without kube-proxy or one of them no Service answers`
  }
  return evidence.servicesAnswer === true ? undefined : 'unknown: the API server was not reached by its Service address'
}

import type { K3sVersion } from './k3s-version.ts'
import { type ReleaseFloors, reaches } from './release-floors.ts'

/**
 * What K3s does with a value of `flannel-backend`: `fatal` names the value and refuses to start, `unknown` is found out
 * by each agent only, and ends it as well. `never-settable` is a backend that K3s sets itself.
 */
export type BackendState = 'supported' | 'deprecated' | 'fatal' | 'unknown' | 'never-settable'

interface BackendHistory {
  readonly since?: ReleaseFloors
  readonly deprecatedSince?: ReleaseFloors
  readonly fatalSince?: ReleaseFloors
  readonly unknownSince?: ReleaseFloors
}

/** @see k3s-io/k3s#5391, backports #5409 and #5411 */
const nativeWireguard: ReleaseFloors = ['1.21.12', '1.22.9', '1.23.6']
const formerBackendsDeprecated: ReleaseFloors = ['1.22.9', '1.23.6']

/** @see k3s-io/k3s pkg/agent/flannel/setup.go, docs/adrs/flannel-options.md; k3s-networking §1.7 */
const backends: Readonly<Record<string, BackendHistory>> = {
  vxlan: {},
  none: {},
  'host-gw': { since: ['1.17.2'] },
  'wireguard-native': { since: nativeWireguard },
  wireguard: { deprecatedSince: formerBackendsDeprecated, fatalSince: ['1.26.0'], unknownSince: ['1.27.0'] },
  ipsec: { deprecatedSince: formerBackendsDeprecated, fatalSince: ['1.27.0'], unknownSince: ['1.28.0'] },
}

/** The state of a value without options; for `vxlan=…` see the gate `backend-option-syntax`. */
export function backendState(name: string, version: K3sVersion): BackendState {
  if (name === 'tailscale') return 'never-settable'
  const history = Object.hasOwn(backends, name) ? backends[name] : undefined
  if (history === undefined) return 'unknown'
  const { since, deprecatedSince, fatalSince, unknownSince } = history
  if (since !== undefined && !reaches(since, version)) return 'unknown'
  if (unknownSince !== undefined && reaches(unknownSince, version)) return 'unknown'
  if (fatalSince !== undefined && reaches(fatalSince, version)) return 'fatal'
  if (deprecatedSince !== undefined && reaches(deprecatedSince, version)) return 'deprecated'
  return 'supported'
}

/** Every value that some release of K3s takes from its user. */
export const knownBackends: readonly string[] = Object.keys(backends)

/** What can be written for this release, the default first. */
export function usableBackends(version: K3sVersion): readonly string[] {
  return knownBackends.filter((name) => ['supported', 'deprecated'].includes(backendState(name, version)))
}

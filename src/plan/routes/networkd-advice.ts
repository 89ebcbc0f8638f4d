import type { RoutingRuleArtefact } from '../../domain/host-route.ts'
import type { RouteDrift } from './decide-route.ts'

/** Keeps systemd-networkd from removing routes and rules that it did not write. @see networkd.conf(5) */
export const networkdDropIn = {
  path: '/etc/systemd/networkd.conf.d/90-fairlead.conf',
  text: '[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n',
} as const

/**
 * Whether all routing rules went at once, as they do when systemd-networkd is restarted or `netplan apply` runs: worth
 * telling about the drop-in, once.
 */
export function lostAllRules(wanted: readonly RoutingRuleArtefact[], drifts: readonly RouteDrift[]): boolean {
  const removed = new Set(drifts.filter(({ kind }) => kind === 'removed').map(({ id }) => id))
  return wanted.length > 0 && wanted.every(({ id }) => removed.has(id))
}

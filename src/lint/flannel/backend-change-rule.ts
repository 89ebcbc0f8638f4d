import type { Rule } from '../rule.ts'
import { podNetworkOf } from './pod-network.ts'

/**
 * A change between flannel's own backends. To and from `none` is another plugin: `cni-switch-live`. A warning, not an
 * error: nothing here restarts K3s, and a change that somebody carries out with reboots is a sound one.
 */
export const backendChangeRule: Rule = {
  id: 'fln-backend-change-reboot',
  severity: 'warning',
  title: 'a change of the flannel backend',
  why: 'nodes with different backends exchange no pod traffic, and a restart of K3s leaves the old interface and its routes behind',
  fix: 'plan an outage: restart the servers one by one, then reboot every node, and compare the annotation flannel.alpha.coreos.com/backend-type of all Nodes',
  versions: 'every version',
  looksAt: ['before', 'settings'],
  sources: ['k3s-io/docs docs/networking/basic-network-options.md', 'rancher/rke2 #9338'],
  check: (subject) => {
    const now = podNetworkOf(subject)
    const before = subject.before === undefined ? undefined : podNetworkOf(subject.before)
    if (now === undefined || before === undefined || now.backend === before.backend) return []
    if (now.backend === 'none' || before.backend === 'none') return []
    const what = `flannel-backend changes from ${before.backend} to ${now.backend}`
    if (!isPlain(before.backend) || isPlain(now.backend)) return [{ at: now.at, what }]
    const why =
      'nodes with different backends exchange no pod traffic; and without a reboot the narrower routes of the old backend win over the tunnel, so that traffic goes on unencrypted and nobody is told'
    return [{ at: now.at, what, why }]
  },
}

function isPlain(backend: string): boolean {
  return backend === 'vxlan' || backend === 'host-gw'
}

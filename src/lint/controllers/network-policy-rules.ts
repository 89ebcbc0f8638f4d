import { isSwitchedOn, scalarOf } from '../../k3s/config/effective-settings.ts'
import { declaredCnis, enforcesPolicies } from '../custom-cni/declared-cni.ts'
import { podNetworkOf } from '../flannel/pod-network.ts'
import type { Finding, Rule } from '../rule.ts'
import { type NodeSubject, serversOf } from '../subject.ts'

const sources = ['k3s-io/k3s pkg/agent/netpol/netpol.go', 'k3s-io/docs docs/networking/networking-services.md']

/** K3s's network policy controller (kube-router's). */
export const networkPolicyRules: readonly Rule[] = [
  {
    id: 'ctl-npc-double',
    severity: 'warning',
    title: 'two controllers for network policies',
    why: 'both filter every packet, and a packet passes only when both let it; each is blind to what the other allows',
    fix: 'set disable-network-policy (spec.components.networkPolicy.enabled: false)',
    versions: 'every version',
    looksAt: ['settings', 'manifests', 'live'],
    sources,
    check: (subject) => {
      const server = serversOf(subject)[0]
      const [cni] = declaredCnis(subject).filter(enforcesPolicies)
      if (server === undefined || cni === undefined || isPolicyOff(server)) return []
      const at = scalarOf(server.settings, 'disable-network-policy')?.at ?? cni.at
      return [{ at, what: `${cni.name} enforces network policies, and so does the controller of K3s` }]
    },
  },
  {
    id: 'ctl-npc-flannel-off',
    severity: 'warning',
    title: 'network policies that nobody enforces',
    why: 'flannel knows no policies: with the controller off they are accepted by the API and have no effect',
    fix: 'enable spec.components.networkPolicy, or install a plugin that enforces them',
    versions: 'every version',
    looksAt: ['settings', 'manifests', 'live'],
    sources,
    check: (subject) => {
      const server = serversOf(subject)[0]
      if (server === undefined || !isPolicyOff(server) || podNetworkOf(subject)?.backend === 'none') return []
      if (declaredCnis(subject).some(enforcesPolicies)) return []
      return subject.objects
        .filter(({ object }) => object.kind === 'NetworkPolicy' && object.apiVersion.startsWith('networking.k8s.io/'))
        .map(({ at, object }) => ({ at, what: `NetworkPolicy ${object.metadata.name} is enforced by nobody` }))
    },
  },
  {
    // A warning, not an error: nothing here restarts K3s, and a clean-up on every node makes the change a sound one.
    id: 'ctl-npc-cleanup',
    severity: 'warning',
    title: 'the network policy controller turned off on a living cluster',
    why: 'its rules and ipsets stay on every node and go on filtering by the pods of that moment',
    fix: 'after the restart reboot every node, or take the KUBE-ROUTER, KUBE-POD-FW and KUBE-NWPLCY chains and the KUBE-SRC and KUBE-DST sets away there',
    versions: 'every version',
    looksAt: ['before', 'settings'],
    sources,
    check: (subject) => {
      const server = serversOf(subject)[0]
      const former = subject.before === undefined ? undefined : serversOf(subject.before)[0]
      if (server === undefined || former === undefined || isPolicyOff(former) || !isPolicyOff(server)) return []
      const at = scalarOf(server.settings, 'disable-network-policy')?.at ?? server.at
      return [{ at, what: 'disable-network-policy is turned on' }]
    },
  },
  {
    id: 'ctl-npc-ipset',
    severity: 'warning',
    title: 'a network policy controller that did not start',
    why: 'K3s skips the controller, with a warning in its log, when "ipset save" fails: no policy is enforced on this node',
    fix: 'look for "Skipping network policy controller" in the log of K3s; install ipset or set prefer-bundled-bin, and load the module ip_set',
    versions: 'every version',
    looksAt: ['host', 'settings'],
    sources,
    check: (subject) => {
      const [server] = serversOf(subject)
      return server === undefined || isPolicyOff(server) ? [] : subject.nodes.flatMap(missingController)
    },
  },
]

function isPolicyOff({ settings }: NodeSubject): boolean {
  return isSwitchedOn(settings, 'disable-network-policy')
}

/** kube-proxy's chains show that K3s has been up; the controller's are made whether there are policies or not. */
function missingController({ name, at, host, settings }: NodeSubject): readonly Finding[] {
  const chains = host?.firewall?.chains
  if (host?.process === undefined || chains === undefined || !chains.includes('KUBE-SERVICES')) return []
  if (chains.some((chain) => chain.startsWith('KUBE-ROUTER-'))) return []
  const isInstalled = host.commands?.includes('ipset') === true || isSwitchedOn(settings, 'prefer-bundled-bin')
  const ipset = host.commands === undefined || isInstalled ? '' : ', and ipset is not installed'
  return [{ at, what: `${name} has no KUBE-ROUTER chains although the network policy controller is enabled${ipset}` }]
}

import { isSwitchedOn, scalarOf } from '../../k3s/config/effective-settings.ts'
import { podNetworkOf } from '../flannel/pod-network.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, serversOf } from '../subject.ts'
import { type DeclaredCni, declaredCnis } from './declared-cni.ts'
import { replacements } from './kube-proxy-replacement.ts'

const sources = ['k3s-io/docs docs/networking/basic-network-options.md']

/** Which plugin makes the pod network: one, and exactly one. */
export const pluginRules: readonly Rule[] = [
  {
    id: 'cni-none-without-cni',
    severity: 'error',
    title: 'no flannel, and no other plugin',
    why: 'nodes stay NotReady ("cni plugin not initialized") and no pod gets an address until a plugin is there',
    fix: 'say which chart or manifest installs the plugin (spec.cni), or put its manifests into manifests/',
    versions: 'every version',
    looksAt: ['settings', 'manifests', 'host'],
    sources,
    check: (subject) => missingPlugin(subject),
  },
  {
    id: 'cni-with-flannel',
    severity: 'error',
    title: 'two plugins for the pod network',
    why: 'both write a CNI configuration and routes for the same pods; which one a pod gets is chance',
    fix: 'set flannel-backend none (spec.cni.plugin), or take the other plugin away',
    versions: 'every version',
    looksAt: ['settings', 'manifests', 'live'],
    sources,
    check: (subject) => {
      const network = podNetworkOf(subject)
      if (network === undefined || network.backend === 'none') return []
      return firstOfEach(primaryCnis(subject)).map(({ name, at }) => ({
        at,
        what: `${name} is installed and flannel-backend is ${network.backend}`,
      }))
    },
  },
  {
    id: 'cni-switch-live',
    severity: 'error',
    title: 'another plugin on a living cluster',
    why: 'running pods keep the network of the old plugin, new ones get that of the new one, and they do not reach each other',
    fix: 'put the old plugin back; to change it, build a new cluster and move the workloads, or take the nodes out and in again one by one: drain, k3s-killall.sh, empty the CNI directories, reboot',
    versions: 'every version',
    looksAt: ['before', 'settings', 'manifests'],
    sources,
    check: (subject) => {
      const now = primaryName(subject)
      const before = subject.before === undefined ? undefined : primaryName(subject.before)
      if (now === undefined || before === undefined || now.name === before.name) return []
      return [{ at: now.at, what: `the pod network changes from ${before.name} to ${now.name}` }]
    },
  },
  {
    id: 'cni-kpr-flag',
    severity: 'error',
    title: 'kube-proxy and its replacement disagree',
    why: 'with disable-kube-proxy nobody translates Service addresses unless the plugin does',
    fix: 'set kubeProxyReplacement and disable-kube-proxy together (spec.cni.kubeProxyReplacement does both)',
    versions: 'every version',
    looksAt: ['settings', 'manifests', 'live'],
    sources: ['cilium/cilium Documentation/network/kubernetes/kubeproxy-free.rst'],
    check: (subject) => replacementFindings(subject),
  },
  {
    id: 'cni-cilium-apihost',
    severity: 'error',
    title: 'Cilium without kube-proxy and without a way to the API server',
    why: 'nobody translates the address of the Service kubernetes before Cilium runs, and Cilium asks that address first',
    fix: 'write spec.cni.apiServer (k8sServiceHost and k8sServicePort of the chart): an address that every node reaches',
    versions: 'every version',
    looksAt: ['settings', 'manifests', 'live'],
    sources: ['cilium/cilium Documentation/network/kubernetes/kubeproxy-free.rst'],
    check: (subject) => {
      if (!isKubeProxyOff(subject)) return []
      return replacements(subject).flatMap(({ at, mode, hasApiServer }) =>
        mode === 'full' && hasApiServer === false
          ? [{ at, what: 'cilium replaces kube-proxy and is not told where the API server is' }]
          : [],
      )
    },
  },
]

/** Plugins that make the pod network themselves. */
export function primaryCnis(subject: LintSubject): readonly DeclaredCni[] {
  return declaredCnis(subject).filter((cni) => !cni.isAddition)
}

export function isKubeProxyOff(subject: LintSubject): boolean {
  return serversOf(subject).some(({ settings }) => isSwitchedOn(settings, 'disable-kube-proxy'))
}

function missingPlugin(subject: LintSubject): readonly Finding[] {
  const network = podNetworkOf(subject)
  const spec = subject.desired?.cluster.spec.cni
  if (network?.backend !== 'none') return []
  if (primaryCnis(subject).some(({ isInstalled }) => isInstalled)) return []
  if (spec?.chart !== undefined || spec?.manifest !== undefined) return []
  if (spec !== undefined && spec.plugin !== 'flannel' && spec.plugin !== 'none') {
    return [{ at: network.at, what: `plugin is ${spec.plugin}, and neither chart nor manifest installs it` }]
  }
  if (
    subject.nodes.some(({ host }) => host?.network?.interfaces.some(({ name }) => pluginInterface.test(name)) === true)
  ) {
    return []
  }
  // Nothing here shows a plugin; somebody else may well install it.
  const isSeen = subject.facts.nodes.some((node) => node.isReady === true)
  return isSeen
    ? []
    : [
        {
          at: network.at,
          severity: 'warning',
          what: `${network.offBy === 'no-flannel' ? 'no-flannel is set' : 'flannel-backend is none'} and no other plugin is known`,
        },
      ]
}

/** Interfaces that only a running plugin makes. */
const pluginInterface = /^(cali|vxlan\.calico|cilium_|antrea|weave|kube-bridge|tunl0)/

function primaryName(
  subject: LintSubject,
): Pick<DeclaredCni, 'name' | 'at'> | { name: 'flannel of K3s'; at: DeclaredCni['at'] } | undefined {
  const network = podNetworkOf(subject)
  if (network === undefined) return undefined
  if (network.backend !== 'none') return { name: 'flannel of K3s', at: network.at }
  return primaryCnis(subject)[0]
}

function firstOfEach(cnis: readonly DeclaredCni[]): readonly DeclaredCni[] {
  return cnis.filter((cni, index) => cnis.findIndex((other) => other.name === cni.name) === index)
}

function replacementFindings(subject: LintSubject): readonly Finding[] {
  const server = serversOf(subject)[0]
  if (server === undefined) return []
  const isOff = isKubeProxyOff(subject)
  return replacements(subject).flatMap(({ at, mode }): Finding[] => {
    if (mode === 'full' && !isOff) {
      const why = 'both translate Service addresses; it works, and costs every packet two translations'
      return [{ at, severity: 'warning', what: 'cilium replaces kube-proxy, and kube-proxy runs as well', why }]
    }
    if (mode !== 'none' || !isOff) return []
    const place = scalarOf(server.settings, 'disable-kube-proxy')?.at ?? at
    return [{ at: place, what: 'kube-proxy is disabled and cilium does not replace it' }]
  })
}

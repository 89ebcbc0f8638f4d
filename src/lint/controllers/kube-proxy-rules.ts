import { isSwitchedOn, itemsOf, type SettingText, scalarOf } from '../../k3s/config/effective-settings.ts'
import { chartValues } from '../custom-cni/chart-values.ts'
import { declaredCnis } from '../custom-cni/declared-cni.ts'
import { primaryCnis } from '../custom-cni/plugin-rules.ts'
import { textAt, valueAt } from '../flannel/json-object.ts'
import { podNetworkOf } from '../flannel/pod-network.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'
import { knowsFlag } from '../versioned-flags/known-flag.ts'

const sources = ['k3s-io/k3s pkg/daemons/agent/agent.go']

export const kubeProxyRules: readonly Rule[] = [
  {
    id: 'ctl-kubeproxy-none',
    severity: 'error',
    title: 'nobody translates Service addresses',
    why: 'without kube-proxy and without a plugin in its place no Service answers, cluster DNS among them',
    fix: 'enable spec.components.kubeProxy, or use a plugin that replaces it',
    versions: '1.19.1 and later',
    looksAt: ['settings', 'manifests', 'live', 'host'],
    sources,
    check: (subject) => {
      const option = proxyOffAt(subject)
      return option === undefined || mayBeReplaced(subject)
        ? []
        : [{ at: option.at, what: 'kube-proxy is disabled and no plugin takes its place' }]
    },
  },
  {
    id: 'ctl-kubeproxy-arg-unused',
    severity: 'warning',
    title: 'arguments for a kube-proxy that does not run',
    why: 'kube-proxy is disabled, and nothing reads them',
    fix: 'take kube-proxy-arg away',
    versions: 'every version',
    looksAt: ['settings'],
    sources,
    check: (subject) => {
      if (proxyOffAt(subject) === undefined) return []
      return subject.nodes.flatMap(({ settings }) => {
        const [first] = itemsOf(settings, 'kube-proxy-arg')
        return first === undefined
          ? []
          : [{ at: first.at, what: `kube-proxy-arg ${first.text} with kube-proxy disabled` }]
      })
    },
  },
  {
    id: 'ctl-proxy-mode-change',
    severity: 'warning',
    title: 'another mode of kube-proxy on a running node',
    why: 'the rules of the old mode (chains, nftables tables, kube-ipvs0) stay and go on translating to pods that are gone',
    fix: 'reboot each node after K3s was restarted there',
    versions: 'every version',
    looksAt: ['before', 'settings'],
    sources: ['kubernetes/website content/en/docs/reference/networking/virtual-ips.md'],
    check: (subject) => subject.nodes.flatMap((node) => modeFindings(subject, node)),
  },
]

function proxyOffAt(subject: LintSubject): SettingText | undefined {
  const server = serversOf(subject).find(
    (one) => isSwitchedOn(one.settings, 'disable-kube-proxy') && knowsFlag(subject, one, 'disable-kube-proxy'),
  )
  return server === undefined ? undefined : scalarOf(server.settings, 'disable-kube-proxy')
}

/** Cilium's own switch is looked at by `cni-kpr-flag`; a plugin that nobody knows may well do it. */
function mayBeReplaced(subject: LintSubject): boolean {
  const cnis = declaredCnis(subject)
  if (cnis.some(({ name }) => name === 'cilium' || name === 'antrea')) return true
  if (subject.objects.some(({ object }) => isEbpfCalico(object) || /kube-(proxy|router)/.test(workloadName(object))))
    return true
  if (
    subject.nodes.some(({ host }) =>
      host?.network?.interfaces.some(({ name }) => /^(cilium_|bpfout\.cali|kube-bridge)/.test(name)),
    )
  ) {
    return true
  }
  return podNetworkOf(subject)?.backend === 'none' && primaryCnis(subject).length === 0
}

function isEbpfCalico(object: unknown): boolean {
  if (textAt(object, 'kind') === 'FelixConfiguration') return valueAt(object, 'spec', 'bpfEnabled') === true
  if (textAt(object, 'kind') === 'HelmChart') {
    const values = chartValues(object)
    const dataplane = textAt(values, 'installation', 'calicoNetwork', 'linuxDataplane')
    return dataplane === 'BPF' || valueAt(values, 'defaultFelixConfiguration', 'bpfEnabled') === true
  }
  if (textAt(object, 'kind') !== 'Installation') return false
  return textAt(object, 'spec', 'calicoNetwork', 'linuxDataplane') === 'BPF'
}

function workloadName(object: LintSubject['objects'][number]['object']): string {
  return object.kind === 'DaemonSet' ? object.metadata.name : ''
}

function modeFindings(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  const former = subject.before?.nodes.find(({ name }) => name === node.name)
  if (former === undefined || proxyOffAt(subject) !== undefined) return []
  const [before, now] = [proxyMode(former), proxyMode(node)]
  if (before.mode === now.mode) return []
  return [{ at: now.at, what: `kube-proxy of ${node.name} changes from ${before.mode} to ${now.mode}` }]
}

function proxyMode(node: NodeSubject): { readonly mode: string; readonly at: Finding['at'] } {
  const option = itemsOf(node.settings, 'kube-proxy-arg').findLast(({ text }) => /^(--)?proxy-mode=/.test(text))
  return { mode: option?.text.replace(/^.*?=/, '') ?? 'iptables', at: option?.at ?? node.at }
}

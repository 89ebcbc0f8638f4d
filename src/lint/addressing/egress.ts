import { isSwitchedOn, type SettingText, scalarOf } from '../../k3s/config/effective-settings.ts'
import { findFlag, flagState } from '../../k3s/flags/flag-catalogue.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'

const key = 'egress-selector-mode'
const modes = ['agent', 'cluster', 'pod', 'disabled']
const versions = '1.22.10 / 1.23.7 / 1.24.1 and later'

export const egressEnum: Rule = {
  id: 'net-egress-enum',
  severity: 'error',
  title: 'egress-selector-mode has a value that K3s does not know',
  why: 'K3s refuses to start over it',
  fix: `write one of ${modes.join(', ')}`,
  versions,
  looksAt: ['settings'],
  sources: ['k3s-io/k3s pkg/cli/server/server.go (validateNetworkConfiguration)'],
  check: (subject) =>
    knowingServers(subject).flatMap(({ settings }): Finding[] => {
      const mode = scalarOf(settings, key)
      if (mode === undefined || modes.includes(mode.text)) return []
      return [{ at: mode.at, what: `${key} is ${JSON.stringify(mode.text)}` }]
    }),
}

export const egressPodCni: Rule = {
  id: 'net-egress-pod-cni',
  severity: 'error',
  title: 'egress-selector-mode pod beside a plugin that gives out pod addresses in its own way',
  why: 'in this mode the API server finds the node of a pod by the podCIDR of the Node, which such a plugin ignores',
  fix: 'set egress-selector-mode to cluster or agent, or let the plugin take its addresses from the Node',
  versions,
  looksAt: ['settings', 'manifests', 'live'],
  sources: ['k3s-io/docs docs/networking/basic-network-options.md'],
  check(subject) {
    const plugin = ownAddressPlugin(subject)
    if (plugin === undefined) return []
    return knowingServers(subject).flatMap(({ settings }): Finding[] => {
      const mode = scalarOf(settings, key)
      if (mode?.text !== 'pod') return []
      return [{ at: mode.at, what: `${key} is pod, and ${plugin} does not use the podCIDR of the Node` }]
    })
  },
}

/** A plugin that is known to ignore `spec.podCIDR`; one whose address management nobody can see is not. */
function ownAddressPlugin({ desired, objects }: LintSubject): string | undefined {
  const cni = desired?.cluster.spec.cni
  if (cni?.plugin === 'cilium' && cni.chart !== undefined) {
    return textAt(cni.chart.values, ['ipam', 'mode']) === 'kubernetes' ? undefined : 'Cilium'
  }
  if (cni?.plugin === 'calico' && cni.chart !== undefined) {
    return textAt(cni.chart.values, ['installation', 'cni', 'ipam', 'type']) === 'HostLocal' ? undefined : 'Calico'
  }
  for (const { object } of objects) {
    const { kind, apiVersion, metadata } = object
    if (kind === 'Installation' && apiVersion.startsWith('operator.tigera.io/')) {
      if (textAt(object, ['spec', 'cni', 'ipam', 'type']) !== 'HostLocal') return 'Calico'
    }
    if (kind === 'ConfigMap' && metadata.name === 'cilium-config') {
      const mode = textAt(object, ['data', 'ipam'])
      if (mode !== undefined && mode !== 'kubernetes') return 'Cilium'
    }
  }
  return undefined
}

function textAt(value: unknown, path: readonly string[]): string | undefined {
  const [step, ...rest] = path
  if (step === undefined) return typeof value === 'string' ? value : undefined
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
  return textAt(Reflect.get(value, step), rest)
}

export const egressAgentless: Rule = {
  id: 'net-egress-agentless',
  severity: 'warning',
  title: 'a server without an agent reaches nodes through agents',
  why: 'webhooks and aggregated APIs may fail, because the API server itself is in no pod network',
  fix: 'set egress-selector-mode to cluster or pod on every server',
  versions,
  looksAt: ['settings'],
  sources: ['k3s-io/k3s pkg/cli/server/server.go (validateNetworkConfiguration)'],
  check: (subject) =>
    knowingServers(subject).flatMap(({ settings }): Finding[] => {
      const agentless = scalarOf(settings, 'disable-agent')
      const mode: SettingText | undefined = scalarOf(settings, key)
      const text = mode?.text ?? 'agent'
      if (agentless === undefined || !isSwitchedOn(settings, 'disable-agent')) return []
      if (text !== 'agent' && text !== 'disabled') return []
      return [{ at: mode?.at ?? agentless.at, what: `disable-agent is set, and ${key} is ${text}` }]
    }),
}

/** Servers whose release has egress-selector-mode. */
function knowingServers(subject: LintSubject): readonly NodeSubject[] {
  const flag = findFlag(key)
  return serversOf(subject).filter(
    ({ version }) => flag !== undefined && version !== undefined && flagState(flag, version) === 'supported',
  )
}

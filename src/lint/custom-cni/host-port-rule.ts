import { itemsOf } from '../../k3s/config/effective-settings.ts'
import { asRecord, textAt, valueAt } from '../flannel/json-object.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type ObjectSubject, serversOf } from '../subject.ts'
import { chartValues } from './chart-values.ts'
import { ciliumConfigOf, cniOfChart } from './declared-cni.ts'

export const hostPortRule: Rule = {
  id: 'cni-cilium-hostport',
  severity: 'warning',
  title: 'Cilium without host ports under ServiceLB',
  why: 'the pods of ServiceLB listen on host ports; Cilium opens them where it replaces kube-proxy, or with portmap behind it',
  fix: 'set kubeProxyReplacement (spec.cni.kubeProxyReplacement), or cni.chainingMode: portmap in the values of the chart, or disable ServiceLB',
  versions: 'every version',
  looksAt: ['settings', 'manifests', 'live'],
  sources: ['cilium/cilium Documentation/installation/cni-chaining-portmap.rst'],
  check(subject) {
    const servers = serversOf(subject)
    if (servers.length === 0 || servers.some(({ settings }) => disablesServiceLb(settings))) return []
    return [...ofDocuments(subject), ...ofCharts(subject), ...ofManifest(subject)]
  },
}

function disablesServiceLb(settings: Parameters<typeof itemsOf>[0]): boolean {
  return itemsOf(settings, 'disable').some(({ text }) => text.trim() === 'servicelb')
}

/** With a manifest in the place of a chart its ConfigMap tells. */
function ofDocuments({ desired }: LintSubject): readonly Finding[] {
  const { plugin, chart, kubeProxyReplacement } = desired?.cluster.spec.cni ?? {}
  if (desired === undefined || plugin !== 'cilium' || chart === undefined) return []
  if (valuesOpenPorts({ kubeProxyReplacement, ...chart.values })) return []
  return [{ at: desired.places.clusterPlace(['spec', 'cni', 'chart']), what: `Cilium ${withoutBoth}` }]
}

function ofCharts({ objects }: LintSubject): readonly Finding[] {
  return objects.flatMap((one): Finding[] => {
    const { object, origin } = one
    if (object.kind !== 'HelmChart' || cniOfChart(textAt(object, 'spec', 'chart') ?? '') !== 'cilium') return []
    // Rendered from the documents, which say it themselves.
    if (origin === 'rendered') return []
    const values = [one, ...objects.filter((other) => overrides(other, one))].map((each) => chartValues(each.object))
    if (values.some(valuesOpenPorts)) return []
    return [
      { at: one.place(['spec', 'valuesContent']), what: `HelmChart ${object.metadata.name} ${installsWithoutBoth}` },
    ]
  })
}

const withoutBoth = 'neither replaces kube-proxy nor has portmap behind it, and ServiceLB is on'
const installsWithoutBoth = 'installs Cilium without a replacement of kube-proxy or portmap, and ServiceLB is on'

function overrides({ object: { kind, metadata } }: ObjectSubject, { object: chart }: ObjectSubject): boolean {
  return (
    kind === 'HelmChartConfig' &&
    metadata.name === chart.metadata.name &&
    (metadata.namespace ?? 'default') === (chart.metadata.namespace ?? 'default')
  )
}

/** Half measures of old releases (`probe`, `partial`) may open them. */
function valuesOpenPorts(values: Readonly<Record<string, unknown>>): boolean {
  const { kubeProxyReplacement = false } = values
  const isOff = kubeProxyReplacement === false || ['false', 'disabled', ''].includes(String(kubeProxyReplacement))
  return (
    !isOff || textAt(values, 'cni', 'chainingMode') === 'portmap' || valueAt(values, 'hostPort', 'enabled') === true
  )
}

function ofManifest(subject: LintSubject): readonly Finding[] {
  const config = ciliumConfigOf(subject)
  const one = subject.objects.find(({ object }) => object === config)
  const data = asRecord(valueAt(config, 'data')) ?? {}
  // A chart makes the same ConfigMap, and an old one says nothing about it.
  if (one === undefined || !['false', 'disabled'].includes(String(data['kube-proxy-replacement']))) return []
  if (data['cni-chaining-mode'] === 'portmap' || data['enable-host-port'] === 'true') return []
  return [{ at: one.place(['data', 'kube-proxy-replacement']), what: `ConfigMap cilium-config ${withoutBoth}` }]
}

import type { LocatedLine } from '../../domain/problem.ts'
import { asList, asRecord, textAt, valueAt } from '../flannel/json-object.ts'
import type { LintSubject, ObjectSubject } from '../subject.ts'
import { chartValues } from './chart-values.ts'

export type CniName = 'calico' | 'canal' | 'cilium' | 'flannel' | 'antrea' | 'weave' | 'kube-router' | 'kube-ovn'

/** A plugin that somebody installs as the network of pods. */
export interface DeclaredCni {
  readonly name: CniName
  readonly at: LocatedLine
  /** It leaves the pod network to another plugin and adds its own work: policy only, or chained. */
  readonly isAddition: boolean
  /** An object installs it; else the documents only name it. */
  readonly isInstalled: boolean
}

/**
 * Every plugin beside K3s's own flannel that the documents name or that objects install. Multus is none of them: it
 * hands pods on to the network that is there.
 */
export function declaredCnis(subject: LintSubject): readonly DeclaredCni[] {
  return [...declaredInDocuments(subject), ...subject.objects.flatMap((one) => declaredByObject(subject, one))]
}

/** Who enforces NetworkPolicies by itself. */
export function enforcesPolicies({ name }: DeclaredCni): boolean {
  return name !== 'flannel'
}

function declaredInDocuments({ desired }: LintSubject): readonly DeclaredCni[] {
  if (desired === undefined) return []
  const { plugin } = desired.cluster.spec.cni
  if (plugin === 'flannel' || plugin === 'none') return []
  const at = desired.places.clusterPlace(['spec', 'cni', 'plugin'])
  return [{ name: plugin, at, isAddition: false, isInstalled: false }]
}

function declaredByObject(subject: LintSubject, one: ObjectSubject): readonly DeclaredCni[] {
  const name = cniOfObject(one)
  if (name === undefined) return []
  return [{ name, at: one.at, isAddition: isAddition(subject, name, one), isInstalled: true }]
}

/** What the upstream manifests, operators and charts of each plugin are called. */
function cniOfObject({ object }: ObjectSubject): CniName | undefined {
  if (object.kind === 'Installation' && object.apiVersion.startsWith('operator.tigera.io/')) return 'calico'
  if (object.kind === 'HelmChart') return cniOfChart(textAt(object, 'spec', 'chart') ?? object.metadata.name)
  return object.kind === 'DaemonSet' ? daemonSets.get(object.metadata.name) : undefined
}

const daemonSets: ReadonlyMap<string, CniName> = new Map<string, CniName>([
  ['calico-node', 'calico'],
  ['canal', 'canal'],
  ['rke2-canal', 'canal'],
  ['cilium', 'cilium'],
  ['kube-flannel-ds', 'flannel'],
  ['antrea-agent', 'antrea'],
  ['weave-net', 'weave'],
  ['kube-router', 'kube-router'],
  ['kube-ovn-cni', 'kube-ovn'],
])

/** `https://example.org/charts/cilium-1.17.4.tgz`, `oci://quay.io/cilium/charts/cilium` and `cilium` are all cilium. */
export function cniOfChart(reference: string): CniName | undefined {
  const base = reference.slice(reference.lastIndexOf('/') + 1).replace(/(-v?\d[\w.+-]*)?(\.tgz|\.tar\.gz)?$/, '')
  return charts.get(base)
}

const charts: ReadonlyMap<string, CniName> = new Map<string, CniName>([
  ['tigera-operator', 'calico'],
  ['rke2-calico', 'calico'],
  ['canal', 'canal'],
  ['rke2-canal', 'canal'],
  ['cilium', 'cilium'],
  ['rke2-cilium', 'cilium'],
  ['flannel', 'flannel'],
  ['rke2-flannel', 'flannel'],
  ['antrea', 'antrea'],
  ['kube-ovn', 'kube-ovn'],
])

function isAddition(subject: LintSubject, name: CniName, { object }: ObjectSubject): boolean {
  if (name === 'calico' && object.kind === 'DaemonSet') {
    return environmentOf(object).get('CALICO_NETWORKING_BACKEND') === 'none'
  }
  if (name === 'calico') {
    const type = textAt(object, 'spec', 'cni', 'type')
    return type !== undefined && type !== 'Calico'
  }
  if (name === 'kube-router') return argumentsOf(object).includes('--run-router=false')
  if (name !== 'cilium') return false
  const chained =
    object.kind === 'HelmChart'
      ? textAt(chartValues(object), 'cni', 'chainingMode')
      : textAt(ciliumConfigOf(subject), 'data', 'cni-chaining-mode')
  // Behind portmap Cilium is still the one that makes the network.
  return chained !== undefined && chained !== 'none' && chained !== 'portmap'
}

export function ciliumConfigOf(subject: LintSubject): unknown {
  return subject.objects.find((one) => one.object.kind === 'ConfigMap' && one.object.metadata.name === 'cilium-config')
    ?.object
}

function argumentsOf(object: unknown): readonly unknown[] {
  return asList(valueAt(object, 'spec', 'template', 'spec', 'containers')).flatMap((container) =>
    ['command', 'args'].flatMap((field) => asList(asRecord(container)?.[field])),
  )
}

/** Variables with plain values of all containers of a pod template. */
export function environmentOf(object: unknown): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const container of asList(valueAt(object, 'spec', 'template', 'spec', 'containers'))) {
    for (const variable of asList(asRecord(container)?.['env'])) {
      const [name, value] = [textAt(variable, 'name'), textAt(variable, 'value')]
      if (name !== undefined && value !== undefined) found.set(name, value)
    }
  }
  return found
}

import type { LocatedLine } from '../../domain/problem.ts'
import { textAt, valueAt } from '../flannel/json-object.ts'
import type { LintSubject } from '../subject.ts'
import { chartValues } from './chart-values.ts'
import { ciliumConfigOf, cniOfChart, environmentOf } from './declared-cni.ts'

/** What one place says about Cilium in the role of kube-proxy. */
export interface Replacement {
  readonly at: LocatedLine
  /** `unknown` for the half measures of old releases (`probe`, `partial`). */
  readonly mode: 'full' | 'none' | 'unknown'
  /** Absent where it cannot be told. */
  readonly hasApiServer?: boolean
}

/** Where Cilium is configured: the documents, its HelmCharts, or the ConfigMap of its manifest. */
export function replacements(subject: LintSubject): readonly Replacement[] {
  return [...ofDocuments(subject), ...ofCharts(subject), ...ofManifest(subject)]
}

function ofDocuments({ desired }: LintSubject): readonly Replacement[] {
  if (desired === undefined || desired.cluster.spec.cni.plugin !== 'cilium') return []
  const { chart, kubeProxyReplacement, apiServer } = desired.cluster.spec.cni
  const written = valueAt(chart?.values, 'kubeProxyReplacement')
  const hasApiServer = apiServer !== undefined || textAt(chart?.values, 'k8sServiceHost') !== undefined
  const at = desired.places.clusterPlace(['spec', 'cni', 'kubeProxyReplacement'])
  return [{ at, mode: modeOf(written ?? kubeProxyReplacement), hasApiServer }]
}

function ofCharts(subject: LintSubject): readonly Replacement[] {
  return subject.objects.flatMap((one): Replacement[] => {
    const { object, origin } = one
    if (object.kind !== 'HelmChart' || cniOfChart(textAt(object, 'spec', 'chart') ?? '') !== 'cilium') return []
    // Rendered from the documents, which say it themselves.
    if (origin === 'rendered') return []
    const values = chartValues(object)
    const hasApiServer = textAt(values, 'k8sServiceHost') !== undefined
    return [
      { at: one.place(['spec', 'valuesContent']), mode: modeOf(values['kubeProxyReplacement'] ?? false), hasApiServer },
    ]
  })
}

function ofManifest(subject: LintSubject): readonly Replacement[] {
  const config = ciliumConfigOf(subject)
  const mode = textAt(config, 'data', 'kube-proxy-replacement')
  const one = subject.objects.find(({ object }) => object === config)
  if (one === undefined || mode === undefined) return []
  const agent = subject.objects.find(({ object }) => object.kind === 'DaemonSet' && object.metadata.name === 'cilium')
  const hasApiServer =
    agent === undefined ? {} : { hasApiServer: environmentOf(agent.object).has('KUBERNETES_SERVICE_HOST') }
  return [{ at: one.place(['data', 'kube-proxy-replacement']), mode: modeOf(mode), ...hasApiServer }]
}

function modeOf(value: unknown): Replacement['mode'] {
  if (value === true || value === 'true' || value === 'strict') return 'full'
  return value === false || value === 'false' || value === 'disabled' ? 'none' : 'unknown'
}

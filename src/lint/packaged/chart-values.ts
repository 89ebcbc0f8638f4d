import type { Finding, Rule } from '../rule.ts'
import { type ChartSubject, type ChartValues, chartsOf, isPackagedTraefik } from './chart-overrides.ts'
import { isDisabled } from './disabled-items.ts'

const sources = ['k3s-io/helm-controller pkg/apis/helm.cattle.io/v1/types.go', 'k3s-io/docs docs/add-ons/helm.md']

export const valuesInvalid: Rule = {
  id: 'pkg-hcc-string',
  severity: 'error',
  title: 'values of a chart that Helm cannot read',
  why: 'the job that installs the chart fails, and the release stays as it was',
  fix: 'write the values as key: value lines',
  versions: 'every version',
  looksAt: ['manifests', 'live'],
  sources: [...sources, 'k3s-io/helm-controller#172'],
  check(subject) {
    return chartsOf(subject).flatMap((chart) => chart.values.flatMap((values) => valuesFindings(chart, values)))
  },
}

function valuesFindings(chart: ChartSubject, { field, reading, place }: ChartValues): Finding[] {
  const at = place([])
  const where = `${field} of ${chart.kind} ${chart.name}`
  if (reading.kind === 'no-text') {
    if (field === 'values') return [{ at, what: `${where} is no mapping` }]
    return [
      {
        at,
        what: `${where} is not a text`,
        why: 'the API server refuses the object; before 1.24.14 / 1.25.10 / 1.26.5 / 1.27.2 it stops every chart of the cluster',
        fix: 'put a | behind valuesContent: and indent the values below it',
      },
    ]
  }
  if (reading.kind === 'invalid') {
    return [{ at, what: `${where} cannot be read: in its line ${reading.line}, ${reading.reason}` }]
  }
  if (reading.kind === 'map' && reading.furtherDocuments > 0) {
    return [
      {
        at,
        severity: 'warning',
        what: `${where} holds several documents`,
        why: 'Helm reads the first one; the values behind the line with --- are lost',
        fix: 'put everything into one mapping',
      },
    ]
  }
  return []
}

export const valuesOfDisabled: Rule = {
  id: 'pkg-hcc-traefik-disabled',
  severity: 'warning',
  title: 'values for Traefik, which is disabled',
  why: 'nothing reads them',
  fix: 'enable it, or take the values away',
  versions: 'every version',
  looksAt: ['manifests', 'settings'],
  sources: ['k3s-io/docs docs/add-ons/helm.md', 'k3s-io/helm-controller pkg/controllers/chart/chart.go'],
  check(subject) {
    const { desired } = subject
    const { traefik } = desired?.cluster.spec.components ?? {}
    const written =
      desired !== undefined && traefik !== undefined && !traefik.enabled && traefik.values !== undefined
        ? [
            {
              at: desired.places.clusterPlace(['spec', 'components', 'traefik', 'values']),
              what: 'Traefik has values and is disabled',
            },
          ]
        : []
    if (!isDisabled(subject, 'traefik')) return written
    // Somebody may run a Traefik chart of their own under the same name.
    const charts = chartsOf(subject).filter(isPackagedTraefik)
    if (charts.some(({ kind, origin }) => kind === 'HelmChart' && origin !== 'live')) return written
    // The field of the documents is always there; it is an override only where it says something.
    const left = charts.filter(
      (chart) => chart.kind === 'HelmChartConfig' && (chart.origin !== 'component' || overridesSomething(chart)),
    )
    return [
      ...written,
      ...left
        .filter(({ origin }) => origin !== 'documents')
        .map(({ at }) => ({ at, what: 'HelmChartConfig kube-system/traefik is there and Traefik is disabled' })),
    ]
  },
}

export const overrideTwice: Rule = {
  id: 'chart-override-twice',
  severity: 'error',
  title: 'two overrides for one chart',
  why: 'both would become the same file, and the last one would win',
  fix: 'put the values into one entry',
  versions: 'every version',
  looksAt: ['manifests'],
  sources,
  check(subject) {
    const written = chartsOf(subject).filter(({ origin }) => origin === 'component' || origin === 'documents')
    return chartsOf(subject).flatMap((chart): Finding[] => {
      if (chart.kind !== 'HelmChartConfig') return []
      if (chart.origin === 'documents') return documentTwice(chart, written)
      if (chart.origin !== 'repository') return []
      // Two files that define one object are told of by object-twice.
      const isWritten = written.some((other) => isSame(other, chart) && overridesSomething(other))
      if (!isWritten) return []
      const what = `HelmChartConfig ${chart.namespace}/${chart.name} is written in network.yaml as well`
      return [{ at: chart.at, what, why: 'two of one name undo each other' }]
    })
  },
}

function documentTwice(chart: ChartSubject, written: readonly ChartSubject[]): Finding[] {
  const at = chart.place(['name'])
  const entries = written.filter(({ origin, name }) => origin === 'documents' && name === chart.name)
  const twice = entries[0] === chart ? [] : [{ at, what: `HelmChartConfig ${chart.name} is written twice` }]
  if (!isPackagedTraefik(chart)) return twice
  return [
    ...twice,
    {
      at,
      what: 'the packaged Traefik is overridden here',
      why: 'spec.components.traefik makes its HelmChartConfig; two of one name undo each other',
      fix: 'move the values to spec.components.traefik.values',
    },
  ]
}

function overridesSomething(chart: ChartSubject): boolean {
  const { valuesSecrets } = chart.spec
  return chart.values.length > 0 || (Array.isArray(valuesSecrets) && valuesSecrets.length > 0)
}

function isSame(a: ChartSubject, b: ChartSubject): boolean {
  return a.name === b.name && a.namespace === b.namespace
}

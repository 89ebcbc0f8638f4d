import { supports } from '../../k3s/version/feature-gates.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { traefikRelease } from '../../k3s/version/traefik-releases.ts'
import { closestWord } from '../../text/suggest.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { type ChartSubject, chartsOf } from './chart-overrides.ts'
import { isDisabled } from './disabled-items.ts'

const sources = ['k3s-io/helm-controller pkg/controllers/chart/chart.go']

export const overrideIdentity: Rule = {
  id: 'pkg-hcc-identity',
  severity: 'error',
  title: 'a HelmChartConfig whose name or namespace is not that of its chart',
  why: 'an override counts for the HelmChart of the same name and namespace; K3s keeps every other one and never looks at it',
  fix: 'give it the name and the namespace of the HelmChart',
  versions: '1.19.1 and later',
  looksAt: ['manifests', 'live'],
  sources,
  check(subject) {
    const known = knownCharts(subject)
    return overridesOf(subject).flatMap((override): Finding[] => {
      if (known.some((chart) => isSame(chart, override))) return []
      const what = `there is no HelmChart ${override.namespace}/${override.name}`
      const sameName = known.find((chart) => chart.name === override.name)
      if (sameName !== undefined) {
        const fix = `put it into the namespace ${sameName.namespace}`
        return [
          { at: override.placeOfName('namespace'), what: `${what}, but ${sameName.namespace}/${sameName.name}`, fix },
        ]
      }
      const meant = nearName(override.name, known)
      if (meant === undefined) return []
      const at = override.placeOfName('name')
      // The chart may come from elsewhere, so a likeness of names is no proof.
      return [{ at, severity: 'warning', what, fix: `did you mean ${meant.namespace}/${meant.name}?` }]
    })
  },
}

export const overrideAbsent: Rule = {
  id: 'chart-override-absent',
  severity: 'warning',
  title: 'a HelmChartConfig for a chart that is not there',
  why: 'K3s keeps the override and nothing reads it',
  fix: 'add the HelmChart, or take the override away',
  versions: '1.19.1 and later',
  looksAt: ['manifests', 'live'],
  sources,
  check(subject) {
    // Only a look at the cluster shows the charts that come from neither K3s nor these files.
    if (subject.facts.objects === undefined) return []
    const known = knownCharts(subject)
    return overridesOf(subject).flatMap((override): Finding[] => {
      if (known.some((chart) => chart.name === override.name)) return []
      if (nearName(override.name, known) !== undefined || isPackagedChart(override)) return []
      return [
        {
          at: override.placeOfName('name'),
          what: `nothing in the cluster or in these files is a HelmChart ${override.namespace}/${override.name}`,
        },
      ]
    })
  },
}

export const chartBump: Rule = {
  id: 'chart-bump-under-override',
  severity: 'warning',
  title: 'a chart changes its version under an override',
  why: 'the values were written for the chart that was there before; keys move between majors, and the packaged charts ignore what they do not know',
  fix: 'read what changed between the two, and look at the values again',
  versions: '1.19.1 and later',
  looksAt: ['manifests', 'before'],
  sources: ['k3s-io/docs docs/add-ons/helm.md', 'k3s-io/k3s-charts packages'],
  check(subject) {
    const { before } = subject
    if (before === undefined) return []
    return overridesOf(subject)
      .filter(({ values }) => values.length > 0)
      .flatMap((override): Finding[] => {
        const now = versionOf(subject, override)
        const was = versionOf(before, override)
        if (now === undefined || was === undefined || now === was) return []
        const at = override.values[0]?.place([]) ?? override.at
        return [{ at, what: `chart ${override.name} goes from ${was} to ${now}` }]
      })
  },
}

interface ChartName {
  readonly namespace: string
  readonly name: string
}

/** `spec.components.traefik` without values overrides nothing. */
function overridesOf(subject: LintSubject): readonly ChartSubject[] {
  // Where there is no such kind, chart-config-too-old tells.
  if (subject.version !== undefined && !supports('helm-chart-config', subject.version)) return []
  return chartsOf(subject).filter(
    ({ kind, origin, values }) => kind === 'HelmChartConfig' && (origin !== 'component' || values.length > 0),
  )
}

function knownCharts(subject: LintSubject): readonly ChartName[] {
  return [...packagedCharts(subject), ...chartsOf(subject).filter(({ kind }) => kind === 'HelmChart')]
}

/** HelmCharts of K3s itself, without disabled ones: rule pkg-hcc-traefik-disabled speaks of those. */
function packagedCharts(subject: LintSubject): ChartName[] {
  const names = ['traefik', ...(isDisabled(subject, 'traefik') ? [] : charts(subject.version))]
  return names.map((name) => ({ namespace: 'kube-system', name }))
}

function charts(version: K3sVersion | undefined): string[] {
  if (version === undefined) return ['traefik-crd', 'gateway-api-crd']
  return [
    ...(version.minor >= 21 ? ['traefik-crd'] : []),
    ...(supports('gateway-api-crd', version) ? ['gateway-api-crd'] : []),
  ]
}

function isPackagedChart({ namespace, name }: ChartName): boolean {
  return namespace === 'kube-system' && (name === 'traefik' || name === 'traefik-crd' || name === 'gateway-api-crd')
}

function isSame(a: ChartName, b: ChartName): boolean {
  return a.name === b.name && a.namespace === b.namespace
}

function nearName(name: string, known: readonly ChartName[]): ChartName | undefined {
  const names = known.map((chart) => chart.name)
  const near = names.find((one) => name === `${one}-config` || name === `${one}-values`) ?? closestWord(name, names)
  return known.find((chart) => chart.name === near)
}

/**
 * What is pinned: `version`, or the file name of the archive that `chart` names; of the packaged Traefik the chart that
 * the release ships.
 */
function versionOf(subject: LintSubject, name: ChartName): string | undefined {
  const chart = chartsOf(subject).find((one) => one.kind === 'HelmChart' && isSame(one, name))
  if (chart !== undefined) {
    const { version, chart: source } = chart.spec
    if (typeof version === 'string' && version !== '') return version
    return typeof source === 'string' && /\.tgz$/.test(source) ? source.slice(source.lastIndexOf('/') + 1) : undefined
  }
  if (subject.version === undefined || !isPackagedChart(name)) return undefined
  const release = traefikRelease(subject.version)
  // Within one major the digits that K3s appends are not known.
  return release === undefined ? undefined : `${release.chartMajor}.x`
}

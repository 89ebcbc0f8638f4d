import { supports } from '../../k3s/version/feature-gates.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { traefikRelease } from '../../k3s/version/traefik-releases.ts'
import {
  type ChartSubject,
  type ChartValues,
  chartsOf,
  isPackagedTraefik,
  valuesOf,
} from '../packaged/chart-overrides.ts'
import { hasHelmController, isDisabled } from '../packaged/disabled-items.ts'
import type { LintSubject } from '../subject.ts'

/** The Traefik that K3s itself installs on this cluster. */
export interface PackagedTraefik {
  readonly chartMajor: number
  /** For people: `Traefik chart 34.2.0 of v1.33.4+k3s1`. */
  readonly title: string
}

/**
 * Undefined where Traefik is disabled, where somebody installs a chart of their own in its place, and where neither the
 * release nor the HelmChart says which one it is.
 */
export function packagedTraefik(subject: LintSubject): PackagedTraefik | undefined {
  if (isDisabled(subject, 'traefik') || !hasHelmController(subject)) return undefined
  const { version } = subject
  const chart = chartsOf(subject).find((one) => one.kind === 'HelmChart' && isPackagedTraefik(one))
  const installed = chart === undefined ? undefined : traefikOfChart(chart)
  if (chart !== undefined && installed === undefined) return undefined
  // The chart that is there is that of the release before, where the repository asks for another one.
  const staysAsItIs = installed !== undefined && version !== undefined && keepsVersion1(installed, version)
  const release = version === undefined ? undefined : traefikRelease(version)
  // A chart of a later K3s is replaced at the next start of this one.
  const isOfLater = installed !== undefined && release !== undefined && installed.chartMajor > release.chartMajor
  if (installed !== undefined && !isOfLater && (subject.scope !== 'repository' || staysAsItIs)) return installed
  if (release === undefined || version === undefined) return installed
  return { chartMajor: release.chartMajor, title: `the Traefik chart ${release.chart} of ${version.text}` }
}

function keepsVersion1({ chartMajor }: PackagedTraefik, version: K3sVersion): boolean {
  return chartMajor === 1 && supports('traefik-v1-guard', version)
}

/** Values that somebody gives the packaged Traefik, each with the place it is written at. */
export function traefikValues(
  subject: LintSubject,
): readonly { readonly value: Readonly<Record<string, unknown>>; readonly from: ChartValues }[] {
  return chartsOf(subject)
    .filter((chart) => chart.kind === 'HelmChartConfig' && isPackagedTraefik(chart))
    .flatMap(valuesOf)
}

/** The chart in the static directory of K3s; any other one is somebody's own. */
function traefikOfChart(chart: ChartSubject): PackagedTraefik | undefined {
  const source = chart.spec['chart']
  if (typeof source !== 'string') return undefined
  const match = /\/static\/charts\/traefik-(\d{1,3})\.([\w.+-]+)\.tgz$/.exec(source)
  if (match === null) return undefined
  return { chartMajor: Number(match[1]), title: `the Traefik chart ${match[1]}.${match[2]}` }
}

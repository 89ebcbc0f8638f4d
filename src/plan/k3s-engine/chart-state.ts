import type { ChartJob, ChartRelease, DeployedChart, DeployedObjects } from '../../domain/deployed-objects.ts'
import { type Json, textIn } from '../../domain/plain-json.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { configHashes, hashesValuesOnly } from './chart-hash.ts'
import { applied, type DeployedState, failed, pending, unknown } from './manifest-state.ts'
import { releaseState } from './release-state.ts'

export interface ChartQuestion {
  readonly kind: 'HelmChart' | 'HelmChartConfig'
  readonly found: DeployedChart
  /** `spec` as the file has it; of an encrypted file as much as can be read. */
  readonly spec: Json
  readonly live: Pick<DeployedObjects, 'jobs' | 'releases'>
  readonly version: K3sVersion | undefined
}

/**
 * Whether a chart runs with what its file says: the Helm job of that very configuration is done, and the release that it
 * made is deployed. K3s's checksum only says that the object was stored.
 *
 * @see k3s-io/helm-controller pkg/controllers/chart/chart.go; k3s-packaged-components §3
 */
export function chartState(question: ChartQuestion): DeployedState {
  const { found, live } = question
  const name = `${found.namespace}/${found.name}`
  const object = storedState(question, name)
  if (object !== undefined) return object
  if (live.jobs === undefined)
    return unknown(`the Helm jobs may not be read, so nobody can tell what became of ${name}`)
  const job = live.jobs.find(({ namespace, chart }) => namespace === found.namespace && chart === found.name)
  const release = newestRelease(found, live.releases ?? [])
  const trouble = (job === undefined ? undefined : releaseState({ found, job, release })) ?? saidToFail(found)
  if (trouble !== undefined) return trouble
  if (job === undefined) return pending(`there is no Helm job for HelmChart ${name} yet`)
  const isCurrent = isJobOfNow(question, job)
  if (isCurrent === 'no') return pending(`the Helm job of ${name} is one of an earlier configuration`)
  if (job.succeeded === 0) return pending(`the Helm job of ${name} is at work${waitingText(job)}`)
  if (isCurrent !== 'yes')
    return unknown(`whether the Helm job of ${name} had these values cannot be told: ${isCurrent}`)
  if (live.releases === undefined)
    return unknown(`Helm's releases may not be read, so nobody can tell whether ${name} is deployed`)
  return deployedState(name, job, release)
}

/** What the objects themselves say; undefined when they are as they should be and somebody is to act on them. */
function storedState({ kind, found, spec }: ChartQuestion, name: string): DeployedState | undefined {
  const own = kind === 'HelmChart' ? found.chart : found.config
  if (own === undefined) return pending(`there is no ${kind} ${name} in the cluster`)
  if (isChanged(spec, own.spec)) {
    return failed(
      `${kind} ${name} was changed in the cluster since; K3s does not look at it again before the file changes or K3s starts: kubectl -n ${found.namespace} get ${kind} ${found.name} -o yaml`,
    )
  }
  if (found.chart === undefined)
    return pending(`there is no HelmChart ${name}: until there is one, the override has no effect`)
  if (found.chart.isDeleting) return pending(`HelmChart ${name} is being deleted`)
  const { annotations } = found.chart
  const manager = annotations['helmcharts.cattle.io/managed-by'] ?? 'helm-controller'
  if (annotations['helmcharts.helm.cattle.io/unmanaged'] !== undefined) {
    return unknown(`HelmChart ${name} is marked as unmanaged: K3s makes no job for it`)
  }
  if (manager !== 'helm-controller') return unknown(`HelmChart ${name} is looked after by ${manager}, not by K3s`)
  return undefined
}

/** Texts alone: numbers and switches are what the API server makes of them, and fields that others added stay. */
function isChanged(wanted: Json, live: Json): boolean {
  return Object.entries(wanted).some(([key, value]) => textIn(value) !== undefined && live[key] !== value)
}

/** By the condition of the chart, which newer Helm controllers write. */
function saidToFail({ namespace, name, chart }: DeployedChart): DeployedState | undefined {
  const failure = chart?.failure
  if (failure === undefined) return undefined
  const what = failure.message === '' ? failure.reason : failure.message
  return failed(
    `HelmChart ${namespace}/${name} has failed: ${what}; kubectl -n ${namespace} describe helmchart ${name}`,
  )
}

/** By its highest revision, in the namespace that the chart is installed into. */
function newestRelease(found: DeployedChart, releases: readonly ChartRelease[]): ChartRelease | undefined {
  const target = textIn(found.chart?.spec['targetNamespace']) ?? found.namespace
  return releases
    .filter(({ namespace, name }) => namespace === target && name === found.name)
    .reduce<ChartRelease | undefined>((a, b) => (a === undefined || b.revision > a.revision ? b : a), undefined)
}

/** @returns why it cannot be told, where it cannot */
function isJobOfNow({ found, version }: ChartQuestion, job: ChartJob): string {
  if (version === undefined) return 'the release of K3s is not known'
  if (hashesValuesOnly(version)) return configHashes(found).has(job.configHash) ? 'yes' : 'no'
  const { values } = found
  if (values === 'unreadable') return `the Secret chart-values-${found.name} may not be read`
  if (values === undefined) return `there is no Secret chart-values-${found.name}`
  if (!holdsValues(found, values.texts)) return 'no'
  // The values are stored first, then the job is made anew.
  if (values.writtenAtMs === undefined) return `the server does not say when chart-values-${found.name} was written`
  return job.createdAtMs >= values.writtenAtMs ? 'yes' : 'no'
}

/** @see k3s-io/helm-controller pkg/controllers/chart/chart.go 0.16.7 (`valuesSecretAddConfig`) */
function holdsValues({ chart, config }: DeployedChart, texts: ReadonlyMap<string, string>): boolean {
  const isHeld = (key: string, value: unknown): boolean => (texts.get(key) ?? '') === (textIn(value) ?? '')
  return (
    isHeld('HelmChartValuesContent', chart?.spec['valuesContent']) &&
    isHeld('HelmChartConfigValuesContent', config?.spec['valuesContent'])
  )
}

/** The job says that it is done; only the release shows that it did anything. */
function deployedState(name: string, job: ChartJob, release: ChartRelease | undefined): DeployedState {
  if (release === undefined) return pending(`the Helm job of ${name} is done, and there is no release of it`)
  const hash = job.configHash.slice('SHA256='.length, 'SHA256='.length + 63)
  const isOfJob =
    release.configHash === undefined ? release.createdAtMs >= job.createdAtMs : release.configHash === hash
  return isOfJob
    ? applied
    : pending(`the release of ${name} is older than its Helm job, which did nothing: K3s runs another one`)
}

function waitingText({ waitsFor, failed: failures }: ChartJob): string {
  const tries = failures === 0 ? '' : `, after ${failures === 1 ? 'a failure' : 'failures'}`
  return waitsFor.length === 0 ? tries : `${tries}; its pod waits: ${waitsFor.join(', ')}`
}

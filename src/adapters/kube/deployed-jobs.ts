import type { ChartJob } from '../../domain/deployed-objects.ts'
import { asList, asRecord, type Json, numberIn, textIn, textMapIn } from '../../domain/plain-json.ts'
import { chartJob } from './chart-jobs.ts'

/** On every Job of the Helm controller and on its pods; its value is the name of the chart. */
export const jobLabel = 'helmcharts.helm.cattle.io/chart'
const configHash = 'helmcharts.helm.cattle.io/configHash'

/** A Job that installs a chart, without its arguments: values of the chart stand among them. Undefined for every other one. */
export function chartJobOf(job: Json): Omit<ChartJob, 'waitsFor'> | undefined {
  const cut = chartJob(job)
  if (cut === undefined) return undefined
  const { name, namespace = '', labels = {} } = cut.metadata
  const status = asRecord(cut['status'])
  const template = asRecord(asRecord(asRecord(job['spec'])['template'])['metadata'])
  return {
    namespace,
    chart: labels[jobLabel] ?? '',
    name,
    configHash: textMapIn(template['annotations'])[configHash] ?? '',
    createdAtMs: Date.parse(textIn(asRecord(job['metadata'])['creationTimestamp']) ?? '') || 0,
    active: numberIn(status['active']) ?? 0,
    succeeded: numberIn(status['succeeded']) ?? 0,
    failed: numberIn(status['failed']) ?? 0,
    hasGivenUp: asList(status['conditions'])
      .map(asRecord)
      .some(({ type, status: held }) => type === 'Failed' && held === 'True'),
  }
}

export interface JobPod {
  readonly namespace: string
  /** The name of its Job. */
  readonly job: string
  /** What its containers wait for that is no part of an ordinary start. */
  readonly waitsFor: readonly string[]
}

export function jobPod(pod: Json): JobPod {
  const metadata = asRecord(pod['metadata'])
  const reasons = asList(asRecord(pod['status'])['containerStatuses']).map((container) =>
    textIn(asRecord(asRecord(asRecord(container)['state'])['waiting'])['reason']),
  )
  return {
    namespace: textIn(metadata['namespace']) ?? '',
    job: textMapIn(metadata['labels'])['job-name'] ?? '',
    waitsFor: reasons.flatMap((reason) => (reason === undefined || ordinary.has(reason) ? [] : [reason])),
  }
}

const ordinary: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing'])

export function withPods(jobs: readonly Omit<ChartJob, 'waitsFor'>[], pods: readonly JobPod[]): readonly ChartJob[] {
  return jobs.map((job) => {
    const own = pods.filter((pod) => pod.namespace === job.namespace && pod.job === job.name)
    return { ...job, waitsFor: [...new Set(own.flatMap(({ waitsFor }) => waitsFor))].sort() }
  })
}

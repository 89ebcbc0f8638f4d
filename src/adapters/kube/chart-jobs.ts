import type { KubernetesObject } from '../../domain/facts.ts'
import { asList, asRecord, type Json, known, numberIn, textIn, textMapIn } from '../../domain/plain-json.ts'
import type { ApiClient } from './api-client.ts'
import type { Discovery } from './discovery.ts'
import { listAll } from './list-pages.ts'
import { type Refused, unlessRefused } from './optional-part.ts'

/** On every Job that the Helm controller makes; its value is the name of the chart. */
const chartLabel = 'helmcharts.helm.cattle.io/chart'

/**
 * The Jobs that install charts, with how they went and without what they are told: values of a chart stand among their
 * arguments.
 * @see k3s-io/helm-controller pkg/controllers/chart/chart.go
 */
export async function readChartJobs(
  client: ApiClient,
  discovery: Discovery,
  refused: Refused,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  if (discovery.versions('helm.cattle.io').length === 0) return []
  const jobs = await unlessRefused('/apis/batch/v1/jobs', refused, (path) =>
    listAll(client, { path, labelSelector: chartLabel }, chartJob, signal),
  )
  return jobs ?? []
}

/** @returns undefined for every other Job */
export function chartJob(job: Json): KubernetesObject | undefined {
  const metadata = asRecord(job['metadata'])
  const [name, namespace] = [textIn(metadata['name']), textIn(metadata['namespace'])]
  const chart = textMapIn(metadata['labels'])[chartLabel]
  if (name?.startsWith('helm-install-') !== true || namespace === undefined || chart === undefined) return undefined
  const status = asRecord(job['status'])
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels: { [chartLabel]: chart } },
    status: known({
      active: numberIn(status['active']),
      ready: numberIn(status['ready']),
      succeeded: numberIn(status['succeeded']),
      failed: numberIn(status['failed']),
      startTime: textIn(status['startTime']),
      completionTime: textIn(status['completionTime']),
      conditions: Array.isArray(status['conditions']) ? asList(status['conditions']).map(conditionOf) : undefined,
    }),
  }
}

function conditionOf(condition: unknown): Json {
  const { type, status, reason } = asRecord(condition)
  return known({ type: textIn(type), status: textIn(status), reason: textIn(reason) })
}

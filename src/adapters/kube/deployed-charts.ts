import type { ChartName, ChartValues, DeployedChart, LiveChart } from '../../domain/deployed-objects.ts'
import { Failure } from '../../domain/failure.ts'
import { asList, asRecord, type Json, textIn, textMapIn } from '../../domain/plain-json.ts'
import type { KubeObjectsPort } from '../../ports/kube-objects-port.ts'
import { lastWrittenMs } from './deployed-at.ts'
import { openMessage } from './open-message.ts'

const helm = 'helm.cattle.io/v1'

/** @throws Failure KUBE_* of a chart that cannot be read */
export async function readCharts(
  charts: readonly ChartName[],
  withValues: boolean,
  objects: KubeObjectsPort,
  signal: AbortSignal,
): Promise<readonly DeployedChart[]> {
  return await Promise.all(
    charts.map(async ({ namespace, name }): Promise<DeployedChart> => {
      const [chart, config] = await Promise.all(
        ['HelmChart', 'HelmChartConfig'].map((kind) =>
          find({ apiVersion: helm, kind, namespace, name }, objects, signal),
        ),
      )
      const values =
        withValues && chart !== undefined ? await readValues({ namespace, name }, objects, signal) : undefined
      return { namespace, name, chart: liveChart(chart), config: liveChart(config), values }
    }),
  )
}

type Ref = Parameters<KubeObjectsPort['get']>[0]

/** A kind that the server does not have has no objects. */
async function find(ref: Ref, objects: KubeObjectsPort, signal: AbortSignal): Promise<Json | undefined> {
  try {
    const object = await objects.get(ref, signal)
    return object === undefined ? undefined : { ...object }
  } catch (error) {
    if (error instanceof Failure && error.detail.code === 'KUBE_KIND_UNKNOWN') return undefined
    throw error
  }
}

function liveChart(object: Json | undefined): LiveChart | undefined {
  if (object === undefined) return undefined
  const metadata = asRecord(object['metadata'])
  const failed = asList(asRecord(object['status'])['conditions'])
    .map(asRecord)
    .find(({ type, status }) => type === 'Failed' && status === 'True')
  const failure =
    failed === undefined
      ? undefined
      : { reason: textIn(failed['reason']) ?? '', message: openMessage(textIn(failed['message']) ?? '') }
  return {
    spec: asRecord(object['spec']),
    annotations: textMapIn(metadata['annotations']),
    isDeleting: textIn(metadata['deletionTimestamp']) !== undefined,
    ...(failure === undefined ? {} : { failure }),
  }
}

/** A Secret since helm-controller 0.14, a ConfigMap before. */
async function readValues(
  { namespace, name }: ChartName,
  objects: KubeObjectsPort,
  signal: AbortSignal,
): Promise<ChartValues | 'unreadable' | undefined> {
  const of = { apiVersion: 'v1', namespace, name: `chart-values-${name}` }
  try {
    const secret = await find({ ...of, kind: 'Secret' }, objects, signal)
    if (secret !== undefined) return valuesOf(secret, (text) => Buffer.from(text, 'base64').toString())
    const configMap = await find({ ...of, kind: 'ConfigMap' }, objects, signal)
    return configMap === undefined ? undefined : valuesOf(configMap, (text) => text)
  } catch (error) {
    if (error instanceof Failure && error.detail.code === 'KUBE_FORBIDDEN') return 'unreadable'
    throw error
  }
}

function valuesOf(object: Json, decode: (text: string) => string): ChartValues {
  const texts = Object.entries(textMapIn(object['data'])).map(([key, text]) => [key, decode(text)] as const)
  return { texts: new Map(texts), writtenAtMs: lastWrittenMs(object) }
}

import type { ChartRelease } from '../../domain/deployed-objects.ts'
import { asRecord, type Json, textIn, textMapIn } from '../../domain/plain-json.ts'

/** Helm writes them on the Secrets, or ConfigMaps, that it keeps its releases in. */
export const releaseLabels = 'owner=helm'
const configHash = 'helmcharts.helm.cattle.io/configHash'

/**
 * A release by the labels of its object alone: what it holds is never read. Undefined for what is none.
 * @see helm/helm pkg/storage/driver/secrets.go (`newSecretsObject`); k3s-io/helm-controller pkg/controllers/chart/chart.go
 */
export function chartRelease(kind: string, object: Json): ChartRelease | undefined {
  const metadata = asRecord(object['metadata'])
  const labels = textMapIn(metadata['labels'])
  const [objectName, namespace, name, status] = [
    metadata['name'],
    metadata['namespace'],
    labels['name'],
    labels['status'],
  ].map(textIn)
  const revision = Number(labels['version'])
  if (objectName === undefined || namespace === undefined || name === undefined || status === undefined)
    return undefined
  if (!Number.isSafeInteger(revision)) return undefined
  return {
    namespace,
    name,
    revision,
    status,
    configHash: labels[configHash],
    object: `${kind} ${objectName}`,
    createdAtMs: Date.parse(textIn(metadata['creationTimestamp']) ?? '') || 0,
  }
}

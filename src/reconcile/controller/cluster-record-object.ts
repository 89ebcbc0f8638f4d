import type { ClusterNetworkStatus } from '../../domain/cluster-record.ts'
import { clusterLabel, fairleadKinds, fairleadNamespace } from '../../domain/fairlead-api.ts'
import { asRecord, isRecord, type Json } from '../../domain/plain-json.ts'
import type { KubeObjectsPort, KubeQuery, LiveObject } from '../../ports/kube-objects-port.ts'
import type { DesiredState } from '../../schema/documents.ts'
import { sortedKeys } from '../../text/sorted-keys.ts'

export const recordQuery: KubeQuery = { ...fairleadKinds.clusterNetwork, namespace: fairleadNamespace }

/** Annotation by which anybody with the right to write it asks for a look at the repository now; its value is any text. */
export const reconcileAnnotation = 'fairlead.dev/reconcile'

/** What the object says of itself; only what has the form of a status counts. */
export function recordedStatus(object: LiveObject | undefined): ClusterNetworkStatus | undefined {
  const status = asRecord(object?.['status'])
  if (!Array.isArray(status['conditions'])) return undefined
  return {
    observedRevision: '',
    attemptedRevision: '',
    conditions: [],
    nodes: { total: 0, current: 0, waiting: 0, failed: 0, silent: 0 },
    plan: { changes: 0, summary: [] },
    inventory: [],
    history: [],
    ...status,
  } as unknown as ClusterNetworkStatus
}

/** What became of the copy of the documents. */
export type SpecOutcome = 'created' | 'changed' | 'reverted' | 'unchanged'

/**
 * Makes the object's `spec` the copy of the documents that it is.
 * @param copied JSON of the spec that was written last, where this process wrote it: anything else is somebody's edit
 */
export async function writeRecordSpec(
  { cluster }: DesiredState,
  live: LiveObject | undefined,
  copied: string | undefined,
  objects: KubeObjectsPort,
  signal: AbortSignal,
): Promise<SpecOutcome> {
  const { name } = cluster.metadata
  const metadata = {
    ...live?.metadata,
    name,
    namespace: fairleadNamespace,
    labels: { ...live?.metadata.labels, [clusterLabel]: name },
  }
  const object = { ...fairleadKinds.clusterNetwork, metadata, spec: plain(cluster.spec) }
  if (live === undefined) {
    await objects.create(object, {}, signal)
    return 'created'
  }
  const wanted = canonical(object.spec)
  if (canonical(live['spec']) === wanted && live.metadata.labels?.[clusterLabel] === name) return 'unchanged'
  await objects.replace(object, {}, signal)
  return copied === wanted ? 'reverted' : 'changed'
}

/**
 * The object without a copy of any documents, so that its status has a place: while no revision was good, or the copy is too
 * large for the server.
 */
export async function createBareRecord(
  name: string,
  objects: KubeObjectsPort,
  signal: AbortSignal,
): Promise<LiveObject> {
  const metadata = { name, namespace: fairleadNamespace, labels: { [clusterLabel]: name } }
  return await objects.create({ ...fairleadKinds.clusterNetwork, metadata }, {}, signal)
}

/** @returns whether it had to be written */
export async function writeRecordStatus(
  status: ClusterNetworkStatus,
  live: LiveObject,
  objects: KubeObjectsPort,
  signal: AbortSignal,
): Promise<boolean> {
  const written = withoutEmptyTexts(plain(status))
  if (canonical(live['status']) === canonical(written)) return false
  const { apiVersion, kind, metadata, spec } = live
  await objects.replace({ apiVersion, kind, metadata, spec, status: written }, { subresource: 'status' }, signal)
  return true
}

export function canonical(value: unknown): string {
  return JSON.stringify(sortedKeys(value ?? {}))
}

/** Releases of the API server before 1.21 take an empty text in a custom resource for null, and refuse it. */
function withoutEmptyTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmptyTexts)
  if (!isRecord(value)) return value
  const entries = Object.entries(value).filter(([, member]) => member !== '')
  return Object.fromEntries(entries.map(([key, member]) => [key, withoutEmptyTexts(member)]))
}

function plain(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json
}

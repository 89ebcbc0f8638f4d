import { setTimeout as sleep } from 'node:timers/promises'
import { fairleadKinds, fairleadNames, fairleadNamespace } from '../../src/domain/fairlead-api.ts'
import { asList, asRecord } from '../../src/domain/plain-json.ts'
import type { KubeObjectsPort } from '../../src/ports/kube-objects-port.ts'
import { agentRoles } from '../../src/render/agent-roles.ts'
import type { TestApiServer } from './api-server.ts'
import { kubectl } from './kubectl.ts'

export const namespacePath = `/api/v1/namespaces/${fairleadNamespace}`
export const daemonSetPath = `/apis/apps/v1/namespaces/${fairleadNamespace}/daemonsets/fairlead-node-agent`
const silent = (): void => undefined

/** What controllers leave behind: records, keys and rights. */
export async function putRecords(objects: Pick<KubeObjectsPort, 'create'>, signal: AbortSignal): Promise<void> {
  const inOurs = { namespace: fairleadNamespace }
  const content = { ...fairleadKinds.programContent, metadata: { name: 'sha256-0', ...inOurs }, data: 'a part' }
  await objects.create(content, {}, signal)
  for (const role of agentRoles('pi-1', 'home')) await objects.create(role, {}, signal)
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: fairleadNames.signingKey, ...inOurs } }
  await objects.create(secret, {}, signal)
  const keys = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: fairleadNames.publicKeys, ...inOurs } }
  await objects.create(keys, {}, signal)
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }
  await objects.create({ ...lease, metadata: { name: fairleadNames.leaderLease, ...inOurs } }, {}, signal)
}

/** What no controller manager is here to do: DaemonSets are told of, and what is in a namespace goes with it. */
export async function playControllers({ writer, kubeconfig }: TestApiServer, end: AbortSignal): Promise<void> {
  while (!end.aborted) {
    const daemonSet = await writer.get(daemonSetPath).catch(() => undefined)
    const { generation } = asRecord(daemonSet?.['metadata'])
    if (generation !== asRecord(daemonSet?.['status'])['observedGeneration']) {
      const numbers = { desiredNumberScheduled: 1, currentNumberScheduled: 1, updatedNumberScheduled: 1 }
      const ready = { numberAvailable: 1, numberReady: 1, numberMisscheduled: 0, observedGeneration: generation }
      await writer.setStatus(daemonSetPath, { ...numbers, ...ready }).catch(silent)
    }
    const namespace = await writer.get(namespacePath).catch(() => undefined)
    if (asRecord(namespace?.['metadata'])['deletionTimestamp'] !== undefined) {
      finalize(kubeconfig, { ...namespace, spec: { finalizers: [] } })
    }
    await sleep(50)
  }
}

/** The one thing in it that nobody else removes goes with the namespace. */
function finalize(kubeconfig: string, namespace: object): void {
  kubectl(kubeconfig, ['delete', '--ignore-not-found', '-n', fairleadNamespace, 'configmap', 'of-somebody-else'])
  kubectl(kubeconfig, ['replace', '--raw', `${namespacePath}/finalize`, '-f', '-'], JSON.stringify(namespace))
}

/** Everything on the server whose name, labels or fields are of ours. */
export async function traces({ writer }: TestApiServer): Promise<readonly string[]> {
  const groups = asList((await writer.get('/apis'))['groups']).map((group) =>
    String(asRecord(asRecord(group)['preferredVersion'])['groupVersion']),
  )
  const found: string[] = []
  for (const path of ['/api/v1', ...groups.map((group) => `/apis/${group}`)]) {
    // A group is told of for a moment after its last kind went.
    const group = await writer.get(path).catch((error: unknown) => {
      if (is404(error)) return undefined
      throw error
    })
    for (const resource of asList(group?.['resources']).map(asRecord)) {
      if (!asList(resource['verbs']).includes('list')) continue
      const { items } = await writer.get(`${path}/${String(resource['name'])}`)
      for (const item of asList(items).map(asRecord)) {
        // Who wrote a field last is the server's own note, also of a value that was put back.
        const { managedFields: _written, ...metadata } = asRecord(item['metadata'])
        if (!JSON.stringify({ ...item, metadata }).includes('fairlead')) continue
        found.push(`${String(resource['kind'])} ${String(metadata['name'])}`)
      }
    }
  }
  return found
}

function is404(error: unknown): boolean {
  return error instanceof Error && error.message.includes(': 404 ')
}

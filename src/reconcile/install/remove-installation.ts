import { Failure } from '../../domain/failure.ts'
import { fairleadKinds, fairleadNames, fairleadNamespace } from '../../domain/fairlead-api.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeObjectsPort, LeaderPort, ObjectRef } from '../../ports/kube-objects-port.ts'
import { controllerName, podSelector } from '../../render/install/installation-labels.ts'
import { fairleadCrds } from '../../schema/api/crds.ts'
import { refText } from '../objects/object-outcome.ts'
import { asTheLeader } from './as-the-leader.ts'
import { type FoundObject, foundObjects, installedObjects } from './installed-objects.ts'
import { type AgentsLeft, keepSigningKey, signingKeyRef } from './keep-signing-key.ts'
import { nodeAgentDaemonSetRef, takeNodeAgentsOff } from './take-node-agents-off.ts'

export interface RemovalPorts {
  readonly objects: KubeObjectsPort
  readonly clock: Pick<ClockPort, 'monotonicMs' | 'sleep'>
  /** Of the controllers' own Lease. */
  readonly leader: LeaderPort
  /** Gives nodes and Services their own labels back. @returns what could not be given back, in sentences */
  releaseLabels(signal: AbortSignal): Promise<readonly string[]>
  /** Told before each step. */
  begins(step: string): void
}

export interface Removal {
  /** Still being deleted by the server when all was asked for. */
  readonly deleting: readonly ObjectRef[]
  /** Agents stay on their hosts, and for them the namespace with the Secret of the key that they trust. */
  readonly agentsLeft?: AgentsLeft
}

export interface RemovalOptions {
  /** Hosts keep their agents, which go on with their last good program. */
  readonly keepNodeAgents: boolean
  readonly waitMs: number
}

const lookEveryMs = 500

/**
 * Takes Fairlead out of a cluster and leaves nothing of it: the controller first, so that nobody puts back what goes, then
 * the agents, the labels, our objects, rights, namespace and kinds. Where agents stay, the key that they trust stays as
 * well, so that a later controller is heard by them. Stopped anywhere, a second run goes on.
 *
 * @throws Failure UNINSTALL_CONTROLLER_RUNS, UNINSTALL_NODES_LEFT, UNINSTALL_LABELS_LEFT, `KUBE_*`
 */
export async function removeInstallation(
  ports: RemovalPorts,
  options: RemovalOptions,
  signal: AbortSignal,
): Promise<Removal> {
  ports.begins('stopping the controller')
  await stopController(ports, options, signal)
  let removed: readonly ObjectRef[] = []
  let agentsLeft: AgentsLeft | undefined
  await asTheLeader(ports, options.waitMs, signal, async () => {
    agentsLeft = await takeAgentsOff(ports, options, signal)
    removed = await removeAll(ports, agentsLeft !== undefined, signal)
  })
  const deleting = await stillThere(removed, ports, options.waitMs, signal)
  return { deleting, ...(agentsLeft === undefined ? {} : { agentsLeft }) }
}

async function takeAgentsOff(
  ports: RemovalPorts,
  { keepNodeAgents, waitMs }: RemovalOptions,
  signal: AbortSignal,
): Promise<AgentsLeft | undefined> {
  if (keepNodeAgents) return await keepSigningKey({ keepNodeAgents, takenOff: new Set() }, ports.objects, signal)
  ports.begins('taking the agents off the nodes')
  const takenOff = await takeNodeAgentsOff(ports, waitMs, signal)
  return await keepSigningKey({ keepNodeAgents, takenOff }, ports.objects, signal)
}

async function removeAll(ports: RemovalPorts, isKeyKept: boolean, signal: AbortSignal): Promise<readonly ObjectRef[]> {
  const { objects } = ports
  ports.begins('giving labels back')
  const left = await ports.releaseLabels(signal)
  if (left.length > 0) throw labelsLeft(left)
  ports.begins(`removing objects, rights${isKeyKept ? '' : ', namespace'} and kinds`)
  const removed: ObjectRef[] = []
  for (const found of [
    ...(await recordsOfOurs(objects, isKeyKept, signal)),
    ...(await installedObjects(objects, signal)),
  ]) {
    await objects.delete(found.ref, { uid: found.uid, propagation: 'Background' }, signal)
    removed.push(found.ref)
  }
  for (const ref of [nodeAgentDaemonSetRef, ...(isKeyKept ? [] : [ourNamespace]), ...ourDefinitions()]) {
    await objects.delete(ref, { propagation: 'Background' }, signal)
    removed.push(ref)
  }
  return removed
}

const ourNamespace: ObjectRef = { apiVersion: 'v1', kind: 'Namespace', name: fairleadNamespace }
const deployment: ObjectRef = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  name: controllerName,
  namespace: fairleadNamespace,
}

async function stopController(
  { objects, clock }: RemovalPorts,
  { waitMs }: RemovalOptions,
  signal: AbortSignal,
): Promise<void> {
  await objects.delete(deployment, { propagation: 'Background' }, signal)
  const labelSelector = Object.entries(podSelector('controller'))
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const pods = { apiVersion: 'v1', kind: 'Pod', namespace: fairleadNamespace, labelSelector }
  const until = clock.monotonicMs() + waitMs
  for (;;) {
    const there = await foundObjects(objects, pods, signal)
    if (there.length === 0) return
    if (clock.monotonicMs() >= until) {
      throw failure(
        'UNINSTALL_CONTROLLER_RUNS',
        `${there.map(({ ref }) => refText(ref)).join(', ')} does not end, and would put back what is removed`,
        refText(deployment),
        'look why the pod does not end, and run this again',
      )
    }
    await clock.sleep(lookEveryMs, signal)
    signal.throwIfAborted()
  }
}

const rbac = 'rbac.authorization.k8s.io/v1'

/**
 * What controllers and agents wrote down in our namespace; whatever else somebody keeps there goes with it. The key is the
 * last of what tells of it: a controller that finds its traces without it would not make another one.
 */
async function recordsOfOurs(
  objects: KubeObjectsPort,
  isKeyKept: boolean,
  signal: AbortSignal,
): Promise<readonly FoundObject[]> {
  const all = async (kind: { readonly apiVersion: string; readonly kind: string }): Promise<readonly FoundObject[]> =>
    foundObjects(objects, { ...kind, namespace: fairleadNamespace }, signal)
  const named = async (
    apiVersion: string,
    kind: string,
    ...names: readonly string[]
  ): Promise<readonly FoundObject[]> => (await all({ apiVersion, kind })).filter(({ ref }) => names.includes(ref.name))
  return [
    ...(await all(fairleadKinds.nodeProgram)),
    ...(await all(fairleadKinds.programContent)),
    ...(await all(fairleadKinds.clusterNetwork)),
    ...(await all({ apiVersion: rbac, kind: 'RoleBinding' })),
    ...(await all({ apiVersion: rbac, kind: 'Role' })),
    ...(await named('v1', 'ConfigMap', fairleadNames.publicKeys, fairleadNames.inventory)),
    ...(isKeyKept ? [] : await named('v1', 'Secret', signingKeyRef.name)),
    ...(await named('coordination.k8s.io/v1', 'Lease', fairleadNames.leaderLease)),
  ]
}

function ourDefinitions(): readonly ObjectRef[] {
  return fairleadCrds().map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, name: metadata.name }))
}

/** Finalizers of others, and everything in a namespace, take the server its time. */
async function stillThere(
  removed: readonly ObjectRef[],
  { objects, clock }: RemovalPorts,
  waitMs: number,
  signal: AbortSignal,
): Promise<readonly ObjectRef[]> {
  const until = clock.monotonicMs() + waitMs
  let left = removed
  for (;;) {
    const there = await Promise.all(left.map((ref) => isThere(ref, objects, signal)))
    left = left.filter((_, index) => there[index])
    if (left.length === 0 || clock.monotonicMs() >= until) return left
    await clock.sleep(lookEveryMs, signal)
    signal.throwIfAborted()
  }
}

async function isThere(ref: ObjectRef, objects: KubeObjectsPort, signal: AbortSignal): Promise<boolean> {
  try {
    return (await objects.get(ref, signal)) !== undefined
  } catch (error) {
    if (error instanceof Failure && error.detail.code === 'KUBE_KIND_UNKNOWN') return false
    throw error
  }
}

function labelsLeft(left: readonly string[]): Failure {
  return failure(
    'UNINSTALL_LABELS_LEFT',
    `not everything was given back: ${left.join('; ')}`,
    `ConfigMap ${fairleadNamespace}/${fairleadNames.inventory}`,
    'mend what is named and run this again; nothing of the record was removed',
  )
}

function failure(code: string, message: string, where: string, fix: string): Failure {
  return new Failure(message, { code, where, fix, retry: 'soon' })
}

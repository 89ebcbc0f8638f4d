import type { KubernetesObject } from '../../domain/facts.ts'
import { Failure } from '../../domain/failure.ts'
import { clusterLabel, fairleadNamespace } from '../../domain/fairlead-api.ts'
import { asRecord } from '../../domain/plain-json.ts'
import type { KubeObjectsPort, KubeQuery, LiveObject, VersionedStore } from '../../ports/kube-objects-port.ts'
import { agentRoles, sharedAgentRoles } from '../../render/agent-roles.ts'
import { sha256Hex } from '../../text/digest.ts'
import { sortedKeys } from '../../text/sorted-keys.ts'
import { NetworkFights } from '../network-fights.ts'
import { inParallel } from '../objects/in-parallel.ts'

const rbac = 'rbac.authorization.k8s.io/v1'
export const accessQueries: readonly KubeQuery[] = ['Role', 'RoleBinding'].map((kind) => ({
  apiVersion: rbac,
  kind,
  namespace: fairleadNamespace,
  labelSelector: clusterLabel,
}))

/** What is kept of a Role or a RoleBinding of ours. */
export interface AccessRecord {
  readonly name: string
  readonly grants: string
}

export function accessRecord(object: LiveObject): AccessRecord {
  return { name: object.metadata.name, grants: grantsOf(object) }
}

export interface AccessOutcome {
  readonly written: number
  readonly removed: number
  readonly failures: readonly Failure[]
  /** When what somebody else keeps changing is put back again. */
  readonly againInMs: number | undefined
}

/** What was written of late. */
export class AccessMemory {
  /** Until the watch tells of it: `Role/fairlead-agents` → when, on the monotonic clock. */
  readonly written = new Map<string, number>()
  readonly fights = new NetworkFights()
}

/** A watch that tells nothing for so long is not believed to be only late. */
const believedMs = 10_000

/**
 * Lets the agent of each node read its own program and write its own status, and the agents of nodes that are no more
 * nothing.
 * @param stores of `accessQueries`, in their order
 * @throws Failure LEAD_LOST
 */
export async function grantAgentAccess(
  nodes: readonly string[],
  cluster: string,
  objects: KubeObjectsPort,
  stores: readonly VersionedStore<AccessRecord>[],
  memory: AccessMemory,
  nowMs: number,
  signal: AbortSignal,
): Promise<AccessOutcome> {
  const failures: Failure[] = []
  const attempt = async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work()
      return true
    } catch (error) {
      if (!(error instanceof Failure) || error.detail.code === 'LEAD_LOST') throw error
      failures.push(error)
      return false
    }
  }
  const wanted = [sharedAgentRoles(cluster), ...nodes.map((node) => agentRoles(node, cluster))]
  const missing = wanted
    .filter((pair) => pair.some((one, index) => !isThere(one, stores[index], memory, nowMs)))
    .map((pair) => ({ pair, artefact: pair.map(({ metadata }) => metadata.name).join() }))
  const waits = missing.map(({ artefact }) => memory.fights.waitFor(artefact, nowMs)).filter((waitMs) => waitMs > 0)
  // A binding without its role binds nothing: the order is that of a pair.
  const done = await inParallel(
    missing.filter(({ artefact }) => memory.fights.waitFor(artefact, nowMs) === 0),
    ({ pair, artefact }) =>
      attempt(async () => {
        for (const one of pair) {
          await write(one, objects, signal)
          memory.written.set(keyOf(one), nowMs)
        }
        memory.fights.repaired({ artefact, isProtected: false, writer: '', tookMs: 0 }, nowMs)
      }),
    signal,
  )
  const names = new Set(wanted.flat().map(({ metadata }) => metadata.name))
  const surplus = stores.flatMap((store, index) =>
    [...store.items()]
      .filter(({ name }) => name.startsWith('fairlead-agent-') && !names.has(name))
      .map(({ name }) => ({ ...accessQueries[index], name })),
  )
  const removed = await inParallel(surplus, (ref) => attempt(() => remove(ref, stores, objects, signal)), signal)
  const againInMs = waits.length === 0 ? undefined : Math.min(...waits)
  return { written: done.filter(Boolean).length, removed: removed.filter(Boolean).length, failures, againInMs }
}

function isThere(
  object: KubernetesObject,
  store: VersionedStore<AccessRecord> | undefined,
  { written }: AccessMemory,
  nowMs: number,
): boolean {
  const told = store?.get(`${fairleadNamespace}/${object.metadata.name}`)
  if (told === undefined) return nowMs - (written.get(keyOf(object)) ?? Number.NEGATIVE_INFINITY) < believedMs
  written.delete(keyOf(object))
  return told.grants === grantsOf(object)
}

function keyOf({ kind, metadata }: KubernetesObject): string {
  return `${kind}/${metadata.name}`
}

/** Whom a binding binds to what cannot be changed: another one is made in its place. */
async function write(object: KubernetesObject, objects: KubeObjectsPort, signal: AbortSignal): Promise<void> {
  try {
    await objects.create(object, {}, signal)
  } catch (error) {
    if (!(error instanceof Failure) || error.detail.code !== 'KUBE_EXISTS') throw error
    await objects.apply(object, { force: true }, signal)
  }
}

async function remove(
  ref: Partial<KubeQuery> & { readonly name: string },
  stores: readonly VersionedStore<AccessRecord>[],
  objects: KubeObjectsPort,
  signal: AbortSignal,
): Promise<void> {
  const { apiVersion = rbac, kind = 'Role', name } = ref
  const index = accessQueries.findIndex((query) => query.kind === kind)
  const version = stores[index]?.version(`${fairleadNamespace}/${name}`)
  if (version === undefined) return
  await objects.delete({ apiVersion, kind, namespace: fairleadNamespace, name }, { uid: version.uid }, signal)
}

/** What the server adds to rules, subjects and roleRef is nothing: they come back as they were written. */
function grantsOf({ rules, roleRef, subjects }: KubernetesObject | LiveObject): string {
  return sha256Hex(JSON.stringify(sortedKeys(asRecord({ rules, roleRef, subjects }))))
}

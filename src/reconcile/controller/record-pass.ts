import type { ClusterNetworkStatus } from '../../domain/cluster-record.ts'
import type { Failure } from '../../domain/failure.ts'
import { fairleadKinds, fairleadNamespace } from '../../domain/fairlead-api.ts'
import { isProgramInForce, type NodeStanding } from '../../plan/permits/node-standing.ts'
import type { DesiredState } from '../../schema/documents.ts'
import { concernsObject } from '../objects/object-failures.ts'
import {
  canonical,
  createBareRecord,
  recordedStatus,
  writeRecordSpec,
  writeRecordStatus,
} from './cluster-record-object.ts'
import { clusterStatus } from './cluster-status.ts'
import { nodeStandings } from './node-standings.ts'
import { ownEvent, type TurnContext } from './turn-context.ts'

const shownNodes = 5

/**
 * Writes the record of the cluster: the copy of its documents, and what became of them.
 * @throws Failure `KUBE_*`, LEAD_LOST
 */
export async function recordPass(turn: TurnContext, signal: AbortSignal): Promise<ClusterNetworkStatus | undefined> {
  const { state, ports, objects } = turn
  const compiled = state.now?.compiled
  const name =
    compiled?.desired.cluster.metadata.name ?? turn.settings.cluster ?? turn.own.record(undefined)?.metadata.name
  if (name === undefined || !state.isPublished) return undefined
  const about = { ...fairleadKinds.clusterNetwork, namespace: fairleadNamespace, name }
  const unwritten = compiled === undefined ? undefined : await copyDocuments(turn, compiled.desired, signal)
  // As it is now: the watch may not have told of what was just written. What went wrong is told even where there is no spec.
  const live = (await objects.get(about, signal)) ?? (await createBareRecord(name, objects, signal))
  const previous = recordedStatus(live)
  const status = statusOf(turn, previous)
  for (const { type, status: value } of status.conditions) ports.metrics.conditionIs(type, value)
  for (const [kind, count] of Object.entries(status.nodes)) ports.metrics.nodesAre(kind, count)
  if (await writeRecordStatus(status, live, objects, signal)) tell(turn, status, previous, live.metadata)
  if (unwritten !== undefined) throw unwritten
  return status
}

/** @returns why the copy could not be written: too large, say. Its status is told all the same. */
async function copyDocuments(
  { state, ports, objects, own }: TurnContext,
  desired: DesiredState,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  const { name } = desired.cluster.metadata
  try {
    const outcome = await writeRecordSpec(desired, own.record(name), state.copiedSpec, objects, signal)
    state.copiedSpec = canonical(desired.cluster.spec)
    if (outcome === 'reverted') {
      const about = { ...fairleadKinds.clusterNetwork, namespace: fairleadNamespace, name }
      const message = 'spec is a copy of the repository; an edit of it was put back'
      const { metadata } = own.record(name) ?? {}
      ports.events.record(ownEvent(about, metadata, { type: 'Warning', reason: 'ForeignEdit', message }))
      ports.log.warn({ cluster: name }, 'a foreign edit of the ClusterNetwork was put back')
    }
    return undefined
  } catch (error) {
    if (concernsObject(error)) return error
    throw error
  }
}

export function standingsOf({ world, published, state, ports }: TurnContext): readonly NodeStanding[] {
  const nowMs = ports.clock.monotonicMs()
  const records = published.all()
  for (const node of state.publishedSince.keys()) if (!records.has(node)) state.publishedSince.delete(node)
  return nodeStandings(world.facts().nodes, records, state.now?.compiled, ({ node, envelope, status }) => {
    const { digest = '', permit } = envelope ?? {}
    const version = `${digest} ${permit?.program ?? ''}`
    const known = state.publishedSince.get(node)
    const { sinceMs, wasInForce } = known?.version === version ? known : { sinceMs: nowMs, wasInForce: false }
    const isPermitted = permit?.program === digest
    const isNow = wasInForce || (isPermitted && isProgramInForce(digest, status))
    state.publishedSince.set(node, { version, sinceMs, wasInForce: isNow })
    return { forMs: nowMs - sinceMs, wasInForce: isNow }
  })
}

function statusOf(turn: TurnContext, previous: ClusterNetworkStatus | undefined): ClusterNetworkStatus {
  const { state, ports, world } = turn
  const { compiled, refused } = state.now ?? {}
  return clusterStatus({
    previous,
    head: state.head,
    refused,
    published: compiled?.revision,
    sourceFailure: state.sourceFailure,
    publishFailures: state.publishFailures,
    nodes: standingsOf(turn),
    totalNodes: world.facts().nodes.length,
    decision: state.decision,
    cluster: state.cluster,
    plan: planText(state.plan, compiled?.revision.name),
    now: `${new Date(ports.clock.nowMs()).toISOString().slice(0, 19)}Z`,
  })
}

function planText(
  plan: TurnContext['state']['plan'],
  revision: string | undefined,
): ClusterNetworkStatus['plan'] | undefined {
  if (plan === undefined || plan.revision !== revision) return undefined
  const lines = [...plan.lines].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    changes: lines.reduce((sum, [, nodes]) => sum + nodes.length, 0),
    summary: lines.map(([words, nodes]) => {
      const more = nodes.length > shownNodes ? ` and ${nodes.length - shownNodes} more` : ''
      return `${words} ${nodes.slice(0, shownNodes).join(', ')}${more}`
    }),
  }
}

/** What changed for people: another revision, or another answer to whether all is well. */
function tell(
  { ports }: TurnContext,
  status: ClusterNetworkStatus,
  previous: ClusterNetworkStatus | undefined,
  metadata: Parameters<typeof ownEvent>[1] & object,
): void {
  const about = { ...fairleadKinds.clusterNetwork, namespace: fairleadNamespace, name: metadata.name }
  const ready = status.conditions.find(({ type }) => type === 'Ready')
  const before = previous?.conditions.find(({ type }) => type === 'Ready')
  if (status.observedRevision !== (previous?.observedRevision ?? '')) {
    const message = `${status.observedRevision} is published: ${status.plan.changes} changes`
    ports.events.record(ownEvent(about, metadata, { type: 'Normal', reason: 'RevisionPublished', message }))
  }
  if (ready === undefined || (ready.status === before?.status && ready.reason === before.reason)) return
  const type = ready.status === 'False' && ready.reason !== 'NodesWaiting' ? 'Warning' : 'Normal'
  ports.events.record(ownEvent(about, metadata, { type, reason: ready.reason, message: ready.message }))
  ports.log.info({ ready: ready.status, reason: ready.reason, revision: status.observedRevision }, 'record written')
}

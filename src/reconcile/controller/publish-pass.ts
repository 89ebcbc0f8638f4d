import type { Failure } from '../../domain/failure.ts'
import { fairleadKinds, fairleadNamespace } from '../../domain/fairlead-api.ts'
import { recordedStatus } from './cluster-record-object.ts'
import type { CompiledCluster } from './compile-cluster.ts'
import type { PublicationCause } from './plan-publication.ts'
import { type PublishOutcome, publishPrograms } from './publish-programs.ts'
import { tellRefused } from './tell-refused.ts'
import { ownEvent, type TurnContext } from './turn-context.ts'

interface PublishPassOutcome {
  /** Milliseconds until time alone makes a difference. */
  readonly waitMs: number | undefined
  /** Programs were written or removed. */
  readonly hasWritten: boolean
}

/**
 * Compiles what the repository says for the nodes as they are, and publishes what differs. A revision that is refused
 * publishes nothing; the last good one is kept as it is, also for nodes that come meanwhile.
 * @throws Failure `GIT_*`, `KUBE_*`, LEAD_LOST
 */
export async function publishPass(turn: TurnContext, signal: AbortSignal): Promise<PublishPassOutcome> {
  const { state, desired, world, ports, own, settings } = turn
  const before = state.now?.compiled?.desired.cluster.metadata.name ?? settings.cluster
  const recorded = recordedStatus(own.record(before))
  const steady = turn.steady.read(world.facts(), ports.clock.monotonicMs())
  for (const node of steady.held) {
    ports.log.warn({ node }, 'this node says something else of itself again and again: others learn of it later')
  }
  const now = await desired.read(state.head, steady.facts, recorded, signal)
  tellRefused(turn, now.refused)
  state.now = now
  if (now.compiled === undefined) {
    state.isPublished = true
    return { waitMs: steady.againInMs, hasWritten: false }
  }
  const nowMs = ports.clock.monotonicMs()
  const absentMs = noteAbsent(turn, now.compiled, nowMs)
  const isGone = (node: string): boolean => {
    const sinceMs = state.absentSince.get(node)
    return sinceMs !== undefined && nowMs - sinceMs >= settings.goneAfterMs
  }
  const { clusterUID, keyId, contents, published } = turn
  const outcome = await publishPrograms(now.compiled, { clusterUID, keyId, isGone }, turn, signal)
  tellPublished(turn, now.compiled, outcome)
  const referred = new Set([...published.all().values()].flatMap((record) => [...record.contents]))
  for (const mark of now.compiled.programs.values()) for (const digest of mark.contents) referred.add(digest)
  state.isPublished = true
  const collected = await contents.collect(referred, nowMs, settings.contentGraceMs, signal)
  if (collected.removed > 0) {
    ports.log.info({ contents: collected.removed }, 'contents that no program refers to were removed')
  }
  tellFailures(turn, collected.failures, 'a content that no program refers to could not be removed')
  const waits = [absentMs, steady.againInMs, outcome.againInMs].filter((waitMs) => waitMs !== undefined)
  const hasWritten = outcome.written.length + outcome.retired.length > 0
  return { waitMs: waits.length === 0 ? undefined : Math.min(...waits), hasWritten }
}

/** Only what the watch really tells is taken for absent. @returns when the next one counts as gone for good */
function noteAbsent(
  { state, world, published, settings }: TurnContext,
  { programs }: CompiledCluster,
  nowMs: number,
): number | undefined {
  const absent = [...published.all().keys()].filter((node) => !programs.has(node))
  if (!world.isCurrent()) return undefined
  for (const node of [...state.absentSince.keys()]) if (!absent.includes(node)) state.absentSince.delete(node)
  for (const node of absent) state.absentSince.set(node, state.absentSince.get(node) ?? nowMs)
  const waits = [...state.absentSince.values()]
    .map((sinceMs) => sinceMs + settings.goneAfterMs - nowMs)
    .filter((waitMs) => waitMs > 0)
  return waits.length === 0 ? undefined : Math.min(...waits)
}

function tellPublished(turn: TurnContext, { revision }: CompiledCluster, outcome: PublishOutcome): void {
  const { state, ports } = turn
  const { written, retired, failures, unchanged } = outcome
  const known = new Set(state.publishFailures.map(({ detail }) => detail.code))
  state.publishFailures = turn.pace.failures(ports.clock.monotonicMs())
  const fresh = [...failures.values(), ...state.publishFailures].filter(({ detail }) => !known.has(detail.code))
  tellFailures(turn, fresh, 'a program could not be published')
  for (const [cause, of] of Map.groupBy(written, (one) => one.cause)) ports.metrics.published(cause, of.length)
  for (const { node, before } of written.filter(({ cause }) => cause === 'ForeignEdit')) {
    const about = { ...fairleadKinds.nodeProgram, namespace: fairleadNamespace, name: node }
    const message = 'somebody else had written to the program of this node; it was put back'
    ports.events.record(ownEvent(about, before?.metadata, { type: 'Warning', reason: 'ForeignEdit', message }))
    ports.log.warn({ node }, 'a foreign edit of a program was put back')
  }
  if (written.length + retired.length === 0) return
  ports.log.info(
    { revision: revision.name, written: written.length, retired: retired.length, unchanged },
    'programs published',
  )
  state.plan = planAfter(state.plan, revision.name, outcome)
}

/** One line for each code: thousands may fail alike. */
function tellFailures({ ports }: TurnContext, failures: readonly Failure[], what: string): void {
  for (const [code, alike] of Map.groupBy(failures, ({ detail }) => detail.code)) {
    const [{ message, detail } = { message: '', detail: undefined }] = alike
    ports.log.warn({ code, where: detail?.where, fix: detail?.fix, count: alike.length }, `${what}: ${message}`)
  }
}

const planWords: Readonly<Record<PublicationCause, string>> = {
  New: 'first program of',
  Changed: 'new program of',
  ForeignEdit: 'foreign edit put back on',
  Reissued: 'program issued anew for',
  Replayed: 'program issued anew, after a restore, for',
}

function planAfter(
  before: TurnContext['state']['plan'],
  revision: string,
  { written, retired }: PublishOutcome,
): TurnContext['state']['plan'] {
  const lines = new Map(before?.revision === revision ? before.lines : [])
  const add = (words: string, node: string): void => {
    lines.set(words, [...new Set([...(lines.get(words) ?? []), node])].sort())
  }
  for (const { node, cause } of written) add(planWords[cause], node)
  for (const { node } of retired) add('program removed of', node)
  return { revision, lines }
}

import { Failure } from '../../domain/failure.ts'
import { inParallel } from '../objects/in-parallel.ts'
import type { CompiledCluster } from './compile-cluster.ts'
import type { ContentStore } from './content-store.ts'
import type { ControllerPorts } from './controller-ports.ts'
import { type Publication, type PublicationCause, type PublicationInput, planPublication } from './plan-publication.ts'
import type { ProgramWriter } from './program-writer.ts'
import type { PublicationPace } from './publication-pace.ts'
import type { PublishedPrograms } from './published-programs.ts'
import type { PublishedRecord } from './published-record.ts'

export interface PublishPorts {
  readonly writer: ProgramWriter
  readonly contents: ContentStore
  readonly published: PublishedPrograms
  readonly pace: PublicationPace
  readonly ports: Pick<ControllerPorts, 'clock'>
}

export interface PublishOutcome {
  readonly written: readonly Publication[]
  readonly retired: readonly PublishedRecord[]
  readonly unchanged: number
  /** Of this pass, by node; the others were published all the same. */
  readonly failures: ReadonlyMap<string, Failure>
  /** When what could not be written yet may be tried again. */
  readonly againInMs: number | undefined
}

/**
 * Makes the NodeProgram objects say what `compiled` says: contents first, then the programs that differ, then what is not
 * needed any more goes.
 * @throws Failure LEAD_LOST
 */
export async function publishPrograms(
  compiled: CompiledCluster,
  about: Pick<PublicationInput, 'clusterUID' | 'keyId' | 'isGone'>,
  { writer, contents, published, pace, ports: { clock } }: PublishPorts,
  signal: AbortSignal,
): Promise<PublishOutcome> {
  const cluster = compiled.desired.cluster.metadata.name
  const plan = planPublication({
    ...about,
    cluster,
    programs: compiled.programs,
    records: published.all(),
    holdsSignature: (record) => writer.holdsSignature(record),
  })
  const failures = new Map<string, Failure>()
  const attempt = async ({ node, name, cause }: PacedWrite, work: () => Promise<void>): Promise<boolean> => {
    if (pace.waitFor(name, cause, clock.monotonicMs()) > 0) return false
    try {
      await work()
      pace.wrote(name, cause, clock.monotonicMs())
      return true
    } catch (error) {
      if (!(error instanceof Failure) || error.detail.code === 'LEAD_LOST') throw error
      pace.failed(name, error, clock.monotonicMs())
      failures.set(node, error)
      return false
    }
  }
  const publish = plan.publish.map((one) => ({ ...one, name: `NodeProgram ${one.node}` }))
  const retire = plan.retire.map((record) => ({ ...retired(record.node), record }))
  // Contents of a program that is written are written with it.
  const publishing = new Set(publish.filter(({ cause }) => cause !== 'Replayed').map(({ node }) => node))
  const restore = nodesWithLostContents(compiled, contents)
    .filter((node) => !publishing.has(node))
    .map((node) => ({ node, name: `contents of NodeProgram ${node}`, cause: 'ForeignEdit' }) as const)
  const restored: boolean[] = []
  for (const one of restore) {
    const write = (): Promise<void> => contents.ensure(compiled.packed(one.node).contents, cluster, signal)
    restored.push(await attempt(one, write))
  }
  const done = await inParallel(publish, (one) => attempt(one, () => writer.publish(compiled, one, signal)), signal)
  const gone = await inParallel(retire, (one) => attempt(one, () => writer.retire(one.record, signal)), signal)
  compiled.release()
  const nowMs = clock.monotonicMs()
  const left = (of: readonly PacedWrite[], ended: readonly boolean[]): readonly PacedWrite[] =>
    of.filter((_, index) => ended[index] !== true)
  const pending = [...left(restore, restored), ...left(publish, done), ...left(retire, gone)]
  pace.keepOnly(new Set(pending.map(({ name }) => name)), nowMs)
  const waits = pending.map(({ name, cause }) => pace.waitFor(name, cause, nowMs))
  return {
    written: plan.publish.filter((_, index) => done[index] === true),
    retired: plan.retire.filter((_, index) => gone[index] === true),
    unchanged: plan.unchanged,
    failures,
    againInMs: waits.length === 0 ? undefined : Math.min(...waits),
  }
}

interface PacedWrite {
  readonly node: string
  readonly name: string
  readonly cause: PublicationCause
}

function retired(node: string): PacedWrite {
  return { node, name: `NodeProgram ${node}`, cause: 'Changed' }
}

/** One node for each content that is not there as it should be. */
function nodesWithLostContents({ programs }: CompiledCluster, contents: ContentStore): readonly string[] {
  const looked = new Set<string>()
  const nodes: string[] = []
  for (const [node, mark] of programs) {
    const lost = mark.contents.filter((digest) => !looked.has(digest) && !contents.has(digest))
    for (const digest of mark.contents) looked.add(digest)
    if (lost.length > 0) nodes.push(node)
  }
  return nodes
}

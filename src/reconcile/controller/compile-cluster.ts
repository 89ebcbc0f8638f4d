import type { ClusterNodes, Facts } from '../../domain/facts.ts'
import type { Problem } from '../../domain/problem.ts'
import type { ClusterProgram, NodeProgram } from '../../domain/program.ts'
import type { Revision } from '../../domain/revision.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { GitSourcePort, RepositoryReader } from '../../ports/repository-port.ts'
import { renderClusterProgram } from '../../render/cluster-program.ts'
import { renderNodeProgram } from '../../render/node-program.ts'
import { packProgram, type SharedParts } from '../../render/pack-program.ts'
import type { PackedParts } from '../../render/program-parts.ts'
import { podRoutesOf } from '../../render/routes/pod-routes.ts'
import type { DesiredState } from '../../schema/documents.ts'
import { contentsOf } from '../../schema/program/unpack-program.ts'
import { sha256Hex } from '../../text/digest.ts'
import { checkRevision } from '../compile-revision.ts'
import { chooseCluster } from '../load-desired.ts'
import { oversizedPrograms } from '../program-limits.ts'
import { packedHash } from './published-record.ts'
import { rememberedReader } from './remembered-reader.ts'

/** What a revision makes of a cluster. Programs are made when they are asked for: thousands at once are too much memory. */
export interface CompiledCluster {
  readonly revision: Revision
  readonly desired: DesiredState
  /** The facts with what the repository's inventory knows. */
  readonly known: Facts
  readonly cluster: ClusterProgram
  /** Of every node of the facts, by name. */
  readonly programs: ReadonlyMap<string, ProgramMark>
  /** Warnings and notices. */
  readonly problems: readonly Problem[]
  /** The program of a node as it goes into the API. */
  packed(node: string): PackedParts
  /** What was kept for those that had to be written is needed no more. */
  release(): void
}

/** By what a program is recognised without having it. */
export interface ProgramMark {
  readonly digest: string
  /** `packedHash` of the packed program. */
  readonly packedHash: string
  readonly contents: readonly string[]
}

export type CompiledRevision =
  | { readonly kind: 'compiled'; readonly compiled: CompiledCluster }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

/** After so long others get their turn: a lead must be renewed meanwhile, and each exchange for that takes several turns. */
const turnMs = 8
/** Packed programs that were just made are kept until they are written, as far as this goes; others are made again. */
const keptBytes = 24 * 1024 * 1024

interface KnownMarks {
  /** Everything that all programs are made of besides their own node. */
  readonly basis: string
  /** By name of the node: hash of its facts, and what they gave. */
  readonly byNode: ReadonlyMap<string, { readonly facts: string; readonly mark: ProgramMark }>
}

/** Compiles revisions for the nodes that a cluster has; only programs whose facts changed are made anew. */
export class ClusterCompiler {
  readonly #git: GitSourcePort
  readonly #clock: Pick<ClockPort, 'sleep' | 'monotonicMs'>
  /** Below `clusters/`; undefined takes the only one there is. */
  readonly #cluster: string | undefined
  readonly #readers = new Map<string, RepositoryReader>()
  readonly #marks = new Map<string, KnownMarks>()

  constructor(git: GitSourcePort, clock: Pick<ClockPort, 'sleep' | 'monotonicMs'>, cluster: string | undefined) {
    this.#git = git
    this.#clock = clock
    this.#cluster = cluster
  }

  /** @throws Failure `GIT_*`, NO_CLUSTERS, CLUSTER_UNKNOWN, CLUSTER_AMBIGUOUS, TREE_TOO_LARGE, PROGRAM_TOO_LARGE */
  async compile(revision: Revision, facts: Facts, signal: AbortSignal): Promise<CompiledRevision> {
    const reader = this.#readerOf(revision.commit)
    const directory = await chooseCluster(reader, this.#cluster, signal)
    const checked = await checkRevision(reader, directory, facts, signal)
    if (checked.kind === 'refused') return checked
    const { desired, known, neighbours, problems } = checked
    const shared = sharedParts(desired, neighbours)
    const byName = new Map(known.nodes.map((node) => [node.name, node]))
    const program = (name: string): NodeProgram => {
      const node = byName.get(name)
      if (node === undefined) throw new Error(`the facts hold no node ${name}`)
      return renderNodeProgram(desired, node, neighbours)
    }
    const kept = new KeptPrograms()
    const basis = sha256Hex(JSON.stringify([revision.commit, directory, neighbours]))
    const made = await this.#marksOf({ basis, known, directory, program, shared, kept }, revision.commit, signal)
    if (made.oversized.length > 0) return { kind: 'refused', problems: [...problems, ...made.oversized] }
    const cluster = renderClusterProgram(desired, known)
    const { programs } = made
    const packed = (node: string): PackedParts => kept.take(node) ?? packProgram(program(node), shared)
    return {
      kind: 'compiled',
      compiled: { revision, desired, known, cluster, programs, problems, packed, release: () => kept.clear() },
    }
  }

  /** Revisions that are in use no more need not be remembered. */
  keepOnly(commits: readonly string[]): void {
    for (const known of [this.#readers, this.#marks]) {
      for (const commit of known.keys()) if (!commits.includes(commit)) known.delete(commit)
    }
  }

  #readerOf(commit: string): RepositoryReader {
    const reader = this.#readers.get(commit) ?? rememberedReader(this.#git.reader(commit))
    this.#readers.set(commit, reader)
    return reader
  }

  async #marksOf(
    { basis, known, directory, program, shared, kept }: MarkInput,
    commit: string,
    signal: AbortSignal,
  ): Promise<{ readonly programs: ReadonlyMap<string, ProgramMark>; readonly oversized: readonly Problem[] }> {
    const before = this.#marks.get(commit)
    const byNode = new Map<string, { readonly facts: string; readonly mark: ProgramMark }>()
    const oversized: Problem[] = []
    let turnEndsMs = this.#clock.monotonicMs() + turnMs
    for (const node of known.nodes) {
      const facts = sha256Hex(JSON.stringify(node))
      const same = before?.basis === basis ? before.byNode.get(node.name) : undefined
      if (same?.facts === facts) {
        byNode.set(node.name, same)
        continue
      }
      if (this.#clock.monotonicMs() > turnEndsMs) {
        await this.#clock.sleep(1, signal)
        turnEndsMs = this.#clock.monotonicMs() + turnMs
      }
      signal.throwIfAborted()
      const one = program(node.name)
      oversized.push(...oversizedPrograms([one], directory))
      const packed = packProgram(one, shared)
      kept.keep(node.name, packed)
      const { program: parts } = packed
      const mark = { digest: one.digest, packedHash: packedHash(parts), contents: contentsOf(parts) }
      byNode.set(node.name, { facts, mark })
    }
    if (oversized.length === 0) this.#marks.set(commit, { basis, byNode })
    return { programs: new Map([...byNode].map(([name, { mark }]) => [name, mark])), oversized }
  }
}

interface MarkInput {
  readonly basis: string
  readonly known: Facts
  readonly directory: string
  readonly program: (node: string) => NodeProgram
  readonly shared: SharedParts | undefined
  readonly kept: KeptPrograms
}

/** Each is taken once, by who writes it. */
class KeptPrograms {
  readonly #byNode = new Map<string, PackedParts>()
  readonly #counted = new Set<string>()
  #bytes = 0

  keep(node: string, packed: PackedParts): void {
    if (this.#bytes > keptBytes) return
    this.#bytes += JSON.stringify(packed.program).length
    for (const [digest, text] of packed.contents) {
      if (!this.#counted.has(digest)) this.#bytes += text.length
      this.#counted.add(digest)
    }
    this.#byNode.set(node, packed)
  }

  take(node: string): PackedParts | undefined {
    const packed = this.#byNode.get(node)
    this.#byNode.delete(node)
    return packed
  }

  clear(): void {
    this.#byNode.clear()
  }
}

function sharedParts(desired: DesiredState, neighbours: ClusterNodes | undefined): SharedParts | undefined {
  const routes = neighbours === undefined ? undefined : podRoutesOf(desired.cluster, neighbours, '')
  return routes === undefined ? undefined : { podRoutePeers: routes.peers }
}

import { Failure } from '../../domain/failure.ts'
import { fairleadKinds, fairleadNamespace } from '../../domain/fairlead-api.ts'
import { asRecord } from '../../domain/plain-json.ts'
import { type PublishedProgram, programFormat } from '../../domain/published-program.ts'
import type { KubeObjectsPort, LiveObject } from '../../ports/kube-objects-port.ts'
import { parsePublishedProgram } from '../../schema/program/published-program.ts'
import { type SigningKey, signatureHolds, signProgram } from '../../text/program-signature.ts'
import type { CompiledCluster } from './compile-cluster.ts'
import type { ContentStore } from './content-store.ts'
import type { Publication } from './plan-publication.ts'
import type { PublishedPrograms } from './published-programs.ts'
import { nodeProgramObject, type PublishedRecord } from './published-record.ts'
import type { SequenceSource } from './sequence-source.ts'

export interface WriterOptions {
  readonly objects: KubeObjectsPort
  readonly published: PublishedPrograms
  readonly contents: ContentStore
  readonly key: SigningKey
  readonly sequence: SequenceSource
  readonly clusterUID: string
}

/** Somebody else may write between a look and a write so many times before the next pass takes over. */
const attempts = 4

/** Writes NodeProgram objects: never over something that was not looked at, and each time with a larger sequence. */
export class ProgramWriter {
  readonly #options: WriterOptions
  /** Envelopes whose signature was checked, by node: the value that was checked. */
  readonly #checked = new Map<string, { readonly envelope: object; readonly holds: boolean }>()

  constructor(options: WriterOptions) {
    this.#options = options
  }

  holdsSignature({ node, envelope }: PublishedRecord): boolean {
    if (envelope === undefined) return false
    const known = this.#checked.get(node)
    if (known?.envelope === envelope) return known.holds
    const { key } = this.#options
    const holds = signatureHolds({ ...envelope, program: {} }, key.publicPem)
    this.#checked.set(node, { envelope, holds })
    return holds
  }

  /** @throws Failure `KUBE_*`, LEAD_LOST */
  async publish(compiled: CompiledCluster, { node, before }: Publication, signal: AbortSignal): Promise<void> {
    const { contents, clusterUID, published } = this.#options
    const digest = compiled.programs.get(node)?.digest
    if (digest === undefined) throw new Error(`there is no program for ${node}`)
    const cluster = compiled.desired.cluster.metadata.name
    const packed = compiled.packed(node)
    await contents.ensure(packed.contents, cluster, signal)
    const { name, commit, author, subject } = compiled.revision
    const revision = { name, commit, author, subject }
    await this.#rewrite(
      node,
      before,
      (now) => {
        const trusted = now !== undefined && this.holdsSignature(now) ? now.envelope : undefined
        return {
          format: programFormat,
          cluster,
          clusterUID,
          node,
          revision: trusted?.digest === digest ? trusted.revision : revision,
          digest,
          program: packed.program,
          ...(trusted?.permit === undefined ? {} : { permit: trusted.permit }),
        }
      },
      () => published.get(node),
      signal,
    )
  }

  /**
   * Gives a permit or takes it back, without looking at what the repository says now: the program that is published counts.
   * @param program undefined takes it back
   * @returns whether it was written; the object may be another one by now, or not be ours as it is
   */
  async permit(node: string, program: string | undefined, signal: AbortSignal): Promise<boolean> {
    const live = await this.#live(node, signal)
    const parsed = parsePublishedProgram(live?.['spec'])
    if (live === undefined || !parsed.ok) return false
    const { permit: _former, signature: _signature, sequence: _sequence, ...rest } = parsed.value
    if (!signatureHolds(parsed.value, this.#options.key.publicPem)) return false
    if (program !== undefined && rest.digest !== program) return false
    const spec = this.#signed({ ...rest, ...(program === undefined ? {} : { permit: { program } }) })
    const written = await this.#options.objects.replace(nodeProgramObject(spec, live.metadata), {}, signal)
    this.#options.published.wrote(node, written)
    return true
  }

  async retire({ node, metadata }: PublishedRecord, signal: AbortSignal): Promise<void> {
    const ref = { ...fairleadKinds.nodeProgram, namespace: fairleadNamespace, name: node }
    await this.#options.objects.delete(ref, { uid: metadata.uid }, signal)
    this.#options.published.wrote(node, undefined)
    this.#checked.delete(node)
  }

  async #rewrite(
    node: string,
    before: PublishedRecord | undefined,
    specOver: (now: PublishedRecord | undefined) => Unnumbered,
    known: () => PublishedRecord | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { objects, published, sequence } = this.#options
    let now = known() ?? before
    for (let attempt = 1; ; attempt += 1) {
      sequence.seen(now?.sequence ?? 0)
      const object = nodeProgramObject(this.#signed(specOver(now)), now?.metadata)
      try {
        const written =
          now === undefined ? await objects.create(object, {}, signal) : await objects.replace(object, {}, signal)
        published.wrote(node, written)
        return
      } catch (error) {
        if (attempt === attempts || !(error instanceof Failure) || !movedCodes.has(error.detail.code)) throw error
        const live = await this.#live(node, signal)
        now = published.wrote(node, live)
      }
    }
  }

  async #live(node: string, signal: AbortSignal): Promise<LiveObject | undefined> {
    const ref = { ...fairleadKinds.nodeProgram, namespace: fairleadNamespace, name: node }
    const live = await this.#options.objects.get(ref, signal)
    const sequence = asRecord(live?.['spec'])['sequence']
    if (typeof sequence === 'number') this.#options.sequence.seen(sequence)
    return live
  }

  #signed(unnumbered: Unnumbered): PublishedProgram {
    const { key, sequence } = this.#options
    return signProgram({ ...unnumbered, sequence: sequence.next() }, key)
  }
}

type Unnumbered = Omit<PublishedProgram, 'signature' | 'sequence'>

/** It is not what it was looked at as. */
const movedCodes: ReadonlySet<string> = new Set(['KUBE_STALE', 'KUBE_EXISTS', 'KUBE_MISSING'])

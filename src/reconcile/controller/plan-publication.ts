import { type PublishedProgram, programFormat } from '../../domain/published-program.ts'
import type { ProgramMark } from './compile-cluster.ts'
import { isOurs, type PublishedRecord } from './published-record.ts'

/** Why a NodeProgram object is written. */
export type PublicationCause =
  /** The node has none yet. */
  | 'New'
  /** The revision, or what is known of the nodes, makes another program of it. */
  | 'Changed'
  /** Somebody else wrote to it. */
  | 'ForeignEdit'
  /** It is for another cluster, or signed with a key that is not used any more. */
  | 'Reissued'
  /** Its agent took a later one before the datastore was restored from a backup. */
  | 'Replayed'

export interface Publication {
  readonly node: string
  readonly cause: PublicationCause
  readonly before?: PublishedRecord
}

export interface PublicationPlan {
  /** Sorted by node. */
  readonly publish: readonly Publication[]
  /** Of nodes that are gone for good. */
  readonly retire: readonly PublishedRecord[]
  readonly unchanged: number
}

export interface PublicationInput {
  readonly cluster: string
  readonly clusterUID: string
  readonly keyId: string
  /** By name of the node. */
  readonly programs: ReadonlyMap<string, ProgramMark>
  readonly records: ReadonlyMap<string, PublishedRecord>
  /** The node is not in the cluster, and has not been for long enough. */
  readonly isGone: (node: string) => boolean
  readonly holdsSignature: (record: PublishedRecord) => boolean
}

/**
 * Which NodeProgram objects are to be written. An object whose program is what it should be stays as it is, whatever revision
 * it names: that one made the program, and a new one that changes nothing for a node is no reason to write to it.
 */
export function planPublication(input: PublicationInput): PublicationPlan {
  const { programs, records } = input
  const publish = [...programs].flatMap(([node, mark]): Publication[] => {
    const before = records.get(node)
    const cause = causeOf(mark, before, input)
    return cause === undefined ? [] : [{ node, cause, ...(before === undefined ? {} : { before }) }]
  })
  return {
    publish: publish.sort((a, b) => (a.node < b.node ? -1 : 1)),
    retire: [...records.values()].filter(
      (record) => !programs.has(record.node) && isOurs(record, input.cluster) && input.isGone(record.node),
    ),
    unchanged: programs.size - publish.length,
  }
}

function causeOf(
  mark: ProgramMark,
  before: PublishedRecord | undefined,
  input: PublicationInput,
): PublicationCause | undefined {
  if (before === undefined) return 'New'
  const { envelope } = before
  if (envelope === undefined || envelope.format !== programFormat) return 'ForeignEdit'
  if (envelope.signature.keyId !== input.keyId || isForOther(envelope, before.node, input)) return 'Reissued'
  if (!input.holdsSignature(before)) return 'ForeignEdit'
  if (envelope.digest !== mark.digest) return 'Changed'
  if (before.packedHash !== mark.packedHash || !isOurs(before, input.cluster)) return 'ForeignEdit'
  if (isRefusedAsOld(before)) return 'Replayed'
  return undefined
}

/** The agent looked at this very one. @see src/reconcile/api-source/program-problems.ts PROGRAM_REPLAYED */
export function isRefusedAsOld({ envelope, status }: PublishedRecord): boolean {
  return status?.reason === 'ProgramReplayed' && status.observedSequence === envelope?.sequence
}

function isForOther(
  { cluster, clusterUID, node }: Omit<PublishedProgram, 'program'>,
  name: string,
  input: PublicationInput,
): boolean {
  return cluster !== input.cluster || clusterUID !== input.clusterUID || node !== name
}

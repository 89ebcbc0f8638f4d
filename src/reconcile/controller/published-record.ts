import type { KubernetesObject } from '../../domain/facts.ts'
import { clusterLabel, fairleadKinds, fairleadNamespace } from '../../domain/fairlead-api.ts'
import { asRecord, type Json } from '../../domain/plain-json.ts'
import type { NodeProgramStatus, PublishedProgram } from '../../domain/published-program.ts'
import type { KubeQuery, LiveObject } from '../../ports/kube-objects-port.ts'
import { parsePublishedProgram } from '../../schema/program/published-program.ts'
import { contentsOf } from '../../schema/program/unpack-program.ts'
import { sha256Hex } from '../../text/digest.ts'
import { sortedKeys } from '../../text/sorted-keys.ts'
import { pickedStatus } from './picked-status.ts'

/** What is kept of a NodeProgram object: everything but its program, of which the hash and the contents stay. */
export interface PublishedRecord {
  readonly node: string
  /** As it is written back: labels and annotations of others stay. */
  readonly metadata: LiveObject['metadata']
  /** Absent where `spec` is none that this release writes. */
  readonly envelope?: Omit<PublishedProgram, 'program'>
  /** Of `spec.sequence`, whatever the rest of it is worth; 0 for none. */
  readonly sequence: number
  readonly packedHash: string
  /** Digests of the contents that it refers to. */
  readonly contents: readonly string[]
  readonly status?: NodeProgramStatus
}

export const publishedQuery: KubeQuery = { ...fairleadKinds.nodeProgram, namespace: fairleadNamespace }

/** Never throws: what anybody may have written there is only worth less. */
export function publishedRecord(object: LiveObject): PublishedRecord {
  const spec = asRecord(object['spec'])
  const parsed = parsePublishedProgram(spec)
  const status = pickedStatus(object['status'])
  const sequence = spec['sequence']
  const { program = {}, ...envelope } = parsed.ok ? parsed.value : { program: asRecord(spec['program']) }
  return {
    node: object.metadata.name,
    metadata: object.metadata,
    ...('node' in envelope ? { envelope } : {}),
    sequence: typeof sequence === 'number' && Number.isSafeInteger(sequence) ? Math.max(0, sequence) : 0,
    packedHash: packedHash(program),
    contents: referredContents(program),
    ...(status === undefined ? {} : { status }),
  }
}

/** Of the packed program, whatever order its fields come back in. */
export function packedHash(program: Json): string {
  return sha256Hex(JSON.stringify(sortedKeys(program)))
}

export function isOurs({ metadata }: PublishedRecord, cluster: string): boolean {
  return metadata.labels?.[clusterLabel] === cluster
}

/** As it is written: with the labels and annotations that others gave it. */
export function nodeProgramObject(
  spec: PublishedProgram,
  before: LiveObject['metadata'] | undefined,
): KubernetesObject {
  const metadata = {
    ...before,
    name: spec.node,
    namespace: fairleadNamespace,
    labels: { ...before?.labels, [clusterLabel]: spec.cluster },
  }
  return { ...fairleadKinds.nodeProgram, metadata, spec }
}

function referredContents(program: Json): readonly string[] {
  try {
    return contentsOf(program)
  } catch {
    return []
  }
}

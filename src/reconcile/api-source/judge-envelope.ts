import type { Problem } from '../../domain/problem.ts'
import type { PublishedProgram } from '../../domain/published-program.ts'
import type { AcceptedProgram } from '../../ports/program-cache-port.ts'
import { sha256Hex } from '../../text/digest.ts'
import { keyIdOf, signatureHolds } from '../../text/program-signature.ts'
import { type ProgramObjection, programProblem } from './program-problems.ts'

/** What an envelope is held against. */
export interface Expected {
  readonly node: string
  /** Of the machine's adoption, or `--cluster`; undefined where nobody said. */
  readonly cluster: string | undefined
  /** The last program that was taken; undefined before the first. */
  readonly accepted: AcceptedProgram | undefined
  /** PEM of the keys any of which counts. */
  readonly publicPems: readonly string[]
  /** The keys were named by whoever runs the agent, and so may be others than before. */
  readonly isKeyTold: boolean
}

/**
 * Whether a program may be believed, by its envelope alone: the first objection, in the order in which they make sense to
 * somebody who reads one of them.
 */
export function judgeEnvelope(published: PublishedProgram, expected: Expected, object: string): Problem | undefined {
  const objection = objectionTo(published, expected)
  return objection === undefined ? undefined : programProblem(objection.code, objection.what, object)
}

interface Objection {
  readonly code: ProgramObjection
  readonly what: string
}

function objectionTo(published: PublishedProgram, expected: Expected): Objection | undefined {
  const { node, cluster, accepted, publicPems, isKeyTold } = expected
  const { keyId } = published.signature
  if (published.node !== node) {
    return {
      code: 'PROGRAM_OTHER_NODE',
      what: `it is the program of node ${quoted(published.node)}, and this is ${quoted(node)}`,
    }
  }
  const publicPem = publicPems.find((pem) => keyIdOf(pem) === keyId)
  if (publicPem === undefined && publicPems.length > 0) {
    const trusted = publicPems.map(keyIdOf)
    const are = trusted.length === 1 ? `key ${trusted.join()} is` : `keys ${trusted.join(', ')} are`
    return { code: 'PROGRAM_KEY_CHANGED', what: `it is signed with key ${keyId}, and ${are} trusted` }
  }
  if (publicPem === undefined || !signatureHolds(published, publicPem)) {
    return { code: 'PROGRAM_UNSIGNED', what: `its signature by key ${keyId} does not hold` }
  }
  if (cluster !== undefined && published.cluster !== cluster) {
    return {
      code: 'PROGRAM_OTHER_CLUSTER',
      what: `it is for cluster ${quoted(published.cluster)}, and this node is of ${quoted(cluster)}`,
    }
  }
  const known = accepted?.published
  if (known === undefined) return undefined
  if (known.clusterUID !== published.clusterUID) {
    const what = `it comes from the cluster with the UID ${published.clusterUID}, and this node is of ${known.clusterUID}`
    return { code: 'PROGRAM_OTHER_CLUSTER', what }
  }
  if (published.sequence < known.sequence) {
    const what = `its sequence ${published.sequence} is older than ${known.sequence}, which was taken already`
    return { code: 'PROGRAM_REPLAYED', what }
  }
  // With another key the same program has another signature: what is signed is compared, not what signs it.
  const isSame = published.sequence > known.sequence || envelopeDigest(published) === envelopeDigest(known)
  if (!isSame && !(isKeyTold && known.signature.keyId !== keyId)) {
    return {
      code: 'PROGRAM_REPLAYED',
      what: `its sequence ${published.sequence} was taken already, with another program`,
    }
  }
  return undefined
}

/** Over all that a signature covers. */
export function envelopeDigest(published: PublishedProgram): string {
  const { format, cluster, clusterUID, node, sequence, revision, digest, permit } = published
  const { name, commit, author, subject } = revision
  const parts = [format, cluster, clusterUID, node, sequence, name, commit, author, subject, digest, permit?.program]
  return sha256Hex(JSON.stringify(parts))
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

import type { Facts } from '../domain/facts.ts'
import { hasErrors, type Problem } from '../domain/problem.ts'
import type { ClusterProgram, NodeProgram } from '../domain/program.ts'
import type { LintSubject } from '../lint/subject.ts'
import type { RepositoryReader } from '../ports/repository-port.ts'
import { renderClusterProgram } from '../render/cluster-program.ts'
import { renderNodeProgram } from '../render/node-program.ts'
import type { DesiredState } from '../schema/documents.ts'
import { lintRevision } from './lint-revision.ts'
import { oversizedPrograms } from './program-limits.ts'

export type Compiled =
  | {
      readonly kind: 'compiled'
      readonly nodes: readonly NodeProgram[]
      readonly cluster: ClusterProgram
      /** Warnings and notices. */
      readonly problems: readonly Problem[]
    }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

/**
 * Repository text → programs for every node of the facts, or all the problems that stand in the way.
 * @param before the same cluster before the change, where it is known: some values may never change
 */
export async function compileRevision(
  reader: RepositoryReader,
  clusterDirectory: string,
  facts: Facts,
  signal: AbortSignal,
  before?: LintSubject,
): Promise<Compiled> {
  const linted = await lintRevision(reader, clusterDirectory, facts, { before }, signal)
  if (linted.kind === 'refused') return linted
  const { desired, known, problems } = linted
  if (hasErrors(problems)) return { kind: 'refused', problems }
  // What a machine knows of its cluster is itself.
  const cluster = known.origin === 'capture' || known.hasAllNodes === true ? known : undefined
  const nodes = known.nodes.map((node) => renderNodeProgram(desired, node, cluster))
  const oversized = oversizedPrograms(nodes, clusterDirectory)
  if (oversized.length > 0) return { kind: 'refused', problems: [...problems, ...oversized] }
  const told = [...problems, ...unlistedNodes(desired, known)]
  return { kind: 'compiled', nodes, cluster: renderClusterProgram(desired, known), problems: told }
}

/** A host name that is not the name of the node is the mistake that looks like a server without any rules of its own. */
function unlistedNodes({ cluster, places }: DesiredState, known: Facts): readonly Problem[] {
  const names = cluster.spec.nodes.map(({ name }) => name)
  if (names.length === 0) return []
  return known.nodes
    .filter(({ name, isRoleAssumed }) => isRoleAssumed === true && !names.includes(name))
    .map(({ name }) => ({
      ...places.clusterPlace(['spec', 'nodes']),
      code: 'NODE_NOT_LISTED',
      severity: 'warning',
      what: `this machine is ${JSON.stringify(name)}, and spec.nodes names ${names.join(', ')}`,
      why: 'it is taken for a server, and what is written for one of those nodes does not reach it',
      fix: 'say --node with the name that it registers with, or add it to spec.nodes',
    }))
}

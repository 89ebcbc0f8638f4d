import type { Facts } from '../domain/facts.ts'
import { hasErrors, type Problem } from '../domain/problem.ts'
import type { ClusterProgram, NodeProgram } from '../domain/program.ts'
import type { LintSubject } from '../lint/subject.ts'
import type { RepositoryReader } from '../ports/repository-port.ts'
import { renderClusterProgram } from '../render/cluster-program.ts'
import { renderNodeProgram } from '../render/node-program.ts'
import { lintRevision } from './lint-revision.ts'

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
  return {
    kind: 'compiled',
    nodes: known.nodes.map((node) => renderNodeProgram(desired, node)),
    cluster: renderClusterProgram(desired, known),
    problems,
  }
}

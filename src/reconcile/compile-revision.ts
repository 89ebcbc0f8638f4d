import type { Facts } from '../domain/facts.ts'
import { compareProblems, hasErrors, type Problem } from '../domain/problem.ts'
import type { ClusterProgram, NodeProgram } from '../domain/program.ts'
import { lint } from '../lint/lint.ts'
import { lintManifestFiles } from '../lint/manifests.ts'
import type { RepositoryReader } from '../ports/repository-port.ts'
import { renderClusterProgram } from '../render/cluster-program.ts'
import { renderNodeProgram } from '../render/node-program.ts'
import { loadDesired } from './load-desired.ts'

export type Compiled =
  | {
      readonly kind: 'compiled'
      readonly nodes: readonly NodeProgram[]
      readonly cluster: ClusterProgram
      /** Warnings and notices. */
      readonly problems: readonly Problem[]
    }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

/** Repository text → programs for every node of the facts, or all the problems that stand in the way. */
export async function compileRevision(
  reader: RepositoryReader,
  clusterDirectory: string,
  facts: Facts,
  signal: AbortSignal,
): Promise<Compiled> {
  const loaded = await loadDesired(reader, clusterDirectory, signal)
  if (loaded.kind === 'refused') {
    const problems = [...loaded.problems, ...lintManifestFiles(loaded.manifests)].sort(compareProblems)
    return { kind: 'refused', problems }
  }
  const problems = [...loaded.problems, ...lint(loaded.desired)].sort(compareProblems)
  if (hasErrors(problems)) return { kind: 'refused', problems }
  return {
    kind: 'compiled',
    nodes: facts.nodes.map((node) => renderNodeProgram(loaded.desired, node)),
    cluster: renderClusterProgram(loaded.desired, facts),
    problems,
  }
}

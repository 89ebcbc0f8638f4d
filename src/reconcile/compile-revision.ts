import type { ClusterNodes, Facts } from '../domain/facts.ts'
import { hasErrors, type Problem } from '../domain/problem.ts'
import type { ClusterProgram, NodeProgram } from '../domain/program.ts'
import type { LintSubject } from '../lint/subject.ts'
import type { RepositoryReader } from '../ports/repository-port.ts'
import { renderClusterProgram } from '../render/cluster-program.ts'
import { neighboursOf } from '../render/neighbours.ts'
import { renderNodeProgram } from '../render/node-program.ts'
import type { DesiredState } from '../schema/documents.ts'
import { lintRevision } from './lint-revision.ts'
import { oversizedPrograms } from './program-limits.ts'
import { unaddressedNodes } from './unaddressed-nodes.ts'

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
  const checked = await checkRevision(reader, clusterDirectory, facts, signal, before)
  if (checked.kind === 'refused') return checked
  const { desired, known, neighbours, problems } = checked
  const nodes = known.nodes.map((node) => renderNodeProgram(desired, node, neighbours))
  const oversized = nodes.flatMap((program) => oversizedPrograms([program], clusterDirectory))
  if (oversized.length > 0) return { kind: 'refused', problems: [...problems, ...oversized] }
  return { kind: 'compiled', nodes, cluster: renderClusterProgram(desired, known), problems }
}

/** A revision that may be rendered, as far as its documents and the facts tell. */
export type Checked =
  | {
      readonly kind: 'checked'
      readonly desired: DesiredState
      /** The facts with what the repository's inventory knows. */
      readonly known: Facts
      /** What programs may depend on of other nodes; absent where nobody looked at the cluster. */
      readonly neighbours?: ClusterNodes
      /** Warnings and notices. */
      readonly problems: readonly Problem[]
    }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

/** Everything of `compileRevision` that comes before the programs: where there are thousands, they are made one by one. */
export async function checkRevision(
  reader: RepositoryReader,
  clusterDirectory: string,
  facts: Facts,
  signal: AbortSignal,
  before?: LintSubject,
): Promise<Checked> {
  const linted = await lintRevision(reader, clusterDirectory, facts, { before }, signal)
  if (linted.kind === 'refused') return linted
  const { desired, known, problems } = linted
  if (hasErrors(problems)) return { kind: 'refused', problems }
  // What a machine knows of its cluster is itself.
  const isWhole = known.origin === 'capture' || known.hasAllNodes === true
  const told = [
    ...problems,
    ...unlistedNodes(desired, known),
    ...otherReleases(desired, known),
    ...(isWhole ? unaddressedNodes(desired, known) : []),
  ]
  return {
    kind: 'checked',
    desired,
    known,
    ...(isWhole ? { neighbours: neighboursOf(desired, known) } : {}),
    problems: told,
  }
}

/** Each node is given what is right for the release that it runs; that it is not the expected one is worth a word. */
function otherReleases({ cluster, places }: DesiredState, known: Facts): readonly Problem[] {
  const expected = cluster.spec.k3sVersion
  const running = known.nodes.filter(({ k3sVersion }) => k3sVersion !== undefined && k3sVersion !== expected)
  return [...Map.groupBy(running, ({ k3sVersion }) => k3sVersion)].map(([release, nodes]) => ({
    ...places.clusterPlace(['spec', 'k3sVersion']),
    code: 'OTHER_K3S_RUNS',
    severity: 'notice',
    what: `${shownNames(nodes.map(({ name }) => name))} ${nodes.length === 1 ? 'runs' : 'run'} ${release ?? ''}, and ${expected} is expected`,
    why: 'what they are given is made for the release that they run',
    fix: `upgrade them, or write ${release ?? ''} once all nodes run it`,
  }))
}

function shownNames(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ')
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown
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

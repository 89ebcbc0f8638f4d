import { assumedFacts, type Facts } from '../../src/domain/facts.ts'
import type { Problem } from '../../src/domain/problem.ts'
import type { ClusterProgram, NodeProgram } from '../../src/domain/program.ts'
import { k3sPaths } from '../../src/k3s/locations.ts'
import type { LintSubject } from '../../src/lint/subject.ts'
import { type Compiled, compileRevision } from '../../src/reconcile/compile-revision.ts'
import { knownFacts } from '../../src/reconcile/known-facts.ts'
import { repositorySubject } from '../../src/reconcile/lint-repository.ts'
import { loadDesired } from '../../src/reconcile/load-desired.ts'
import { renderClusterProgram } from '../../src/render/cluster-program.ts'
import { renderNodeProgram } from '../../src/render/node-program.ts'
import type { DesiredState } from '../../src/schema/documents.ts'
import { readYamlMap } from '../../src/text/yaml-read.ts'
import { textRepository } from '../lab/text-repository.ts'
import type { WrittenCluster } from './arbitrary-documents.ts'

export const clusterDirectory = 'clusters/home'

type Texts = ReadonlyMap<string, string>

/** JSON is YAML: nothing of a printer of ours stands between the generated document and what is read. */
export function textsOf(
  { network, nodes }: WrittenCluster,
  print: (value: unknown) => string = (value) => JSON.stringify(value, undefined, 1),
): Map<string, string> {
  return new Map([
    [`${clusterDirectory}/network.yaml`, print(network)],
    ...nodes.map((node, index): [string, string] => [`${clusterDirectory}/nodes/${index}.yaml`, print(node)]),
  ])
}

export function compile(texts: Texts, facts: Facts = assumedFacts): Promise<Compiled> {
  return compileRevision(textRepository(texts), clusterDirectory, facts, new AbortController().signal)
}

/** A cluster that could be loaded, rendered whatever the rules say of it. */
export interface Rendered {
  readonly desired: DesiredState
  readonly subject: LintSubject
  readonly nodes: readonly NodeProgram[]
  readonly cluster: ClusterProgram
}

/** @throws where the documents are refused before there is anything to render */
export async function render(texts: Texts, facts: Facts = assumedFacts): Promise<Rendered> {
  const { signal } = new AbortController()
  const loaded = await loadDesired(textRepository(texts), clusterDirectory, signal)
  if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems))
  const { desired } = loaded
  const known = knownFacts(desired, facts)
  return {
    desired,
    subject: repositorySubject(desired, known),
    nodes: known.nodes.map((node) => renderNodeProgram(desired, node)),
    cluster: renderClusterProgram(desired, known),
  }
}

/** The keys of the drop-in of one node, as YAML has them. */
export function flagsOf({ files }: NodeProgram): Readonly<Record<string, unknown>> {
  const dropIn = files.find(({ path }) => path === k3sPaths.managedDropIn)
  return dropIn === undefined ? {} : readYamlMap(dropIn.text)
}

/** Findings without their places, sorted: `error CIDR_OVERLAP …`. */
export function unplaced(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ code, severity, what }) => `${severity} ${code} ${what}`).sort()
}

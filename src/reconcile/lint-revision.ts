import type { Facts } from '../domain/facts.ts'
import { compareProblems, type Problem } from '../domain/problem.ts'
import { allRules } from '../lint/catalogue.ts'
import { packagedRules } from '../lint/packaged/packaged-rules.ts'
import type { Rule } from '../lint/rule.ts'
import { runRules } from '../lint/run-rules.ts'
import type { LintSubject } from '../lint/subject.ts'
import type { RepositoryReader } from '../ports/repository-port.ts'
import { cniManifestProblems } from '../render/cni/cni-problems.ts'
import type { DesiredState } from '../schema/documents.ts'
import { knownFacts } from './known-facts.ts'
import { manifestsSubject, repositorySubject } from './lint-repository.ts'
import { loadDesired } from './load-desired.ts'

export type Linted =
  | {
      readonly kind: 'linted'
      readonly desired: DesiredState
      /** The facts with what the repository's inventory knows. */
      readonly known: Facts
      readonly subject: LintSubject
      readonly problems: readonly Problem[]
    }
  /** The documents cannot be read: there is nothing that rules could look at. */
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

export interface LintOptions {
  /** The same cluster before the change. */
  readonly before?: LintSubject | undefined
  /** These rules alone, and nothing else that is checked; every rule unless told. */
  readonly only?: readonly Rule[] | undefined
}

/** Repository text → everything that is wrong with one cluster, as far as its documents, the facts and `before` tell. */
export async function lintRevision(
  reader: RepositoryReader,
  clusterDirectory: string,
  facts: Facts,
  { before, only }: LintOptions,
  signal: AbortSignal,
): Promise<Linted> {
  const loaded = await loadDesired(reader, clusterDirectory, signal)
  if (loaded.kind === 'refused') {
    const found = runRules(packagedRules.rules, manifestsSubject(clusterDirectory, loaded.manifests))
    return { kind: 'refused', problems: [...loaded.problems, ...found].sort(compareProblems) }
  }
  const { desired } = loaded
  const known = knownFacts(desired, facts)
  const own = repositorySubject(desired, known)
  const subject = before === undefined ? own : { ...own, before }
  if (only !== undefined) return { kind: 'linted', desired, known, subject, problems: runRules(only, subject) }
  const found = [...runRules(allRules, subject), ...cniManifestProblems(desired)]
  return { kind: 'linted', desired, known, subject, problems: [...loaded.problems, ...found].sort(compareProblems) }
}

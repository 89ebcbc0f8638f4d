import { resolve } from 'node:path'
import { openCheckout } from '../adapters/checkout/checkout-reader.ts'
import { exitCode } from '../domain/exit-code.ts'
import { assumedFacts } from '../domain/facts.ts'
import { compareProblems, hasErrors, type Problem } from '../domain/problem.ts'
import type { RepositoryReader } from '../ports/repository-port.ts'
import { compileRevision } from '../reconcile/compile-revision.ts'
import { chooseCluster } from '../reconcile/load-desired.ts'
import { readOnce } from '../reconcile/read-once.ts'
import { listClusters } from '../schema/load-cluster.ts'
import type { Command } from './command.ts'
import { count, formatProblems } from './print-problems.ts'
import { formatStructured, isStructured } from './structured-output.ts'

/** Every problem of every cluster in a checkout, in one run. */
export const validateCommand: Command = async ({ settings, words, options, terminal }) => {
  const directory = resolve(terminal.workingDirectory, words[0] ?? settings.repo)
  const reader = readOnce(openCheckout(directory))
  const clusters = await chosenClusters(reader, settings.cluster, terminal.interrupted)
  const problems = await problemsOf(reader, clusters, terminal.interrupted)
  const format = options['output']
  if (isStructured(format)) {
    const report = { apiVersion: 'fairlead.dev/v1alpha1', kind: 'ValidationReport', clusters, problems }
    terminal.out.write(formatStructured(report, format))
  } else {
    const shown = problems.filter((problem) => problem.severity !== 'notice' || options['verbose'] === true)
    terminal.out.write(formatProblems(shown, terminal.colour))
  }
  terminal.err.write(summaryOf(clusters, problems, options['verbose'] !== true))
  return hasErrors(problems) ? exitCode.denied : exitCode.done
}

/** Without a name all of them; a repository without any is no success. */
async function chosenClusters(
  reader: RepositoryReader,
  name: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const all = listClusters(await reader.readDirectory('clusters', signal))
  return name === undefined && all.length > 0 ? all : [await chooseCluster(reader, name, signal)]
}

/** A base that two clusters extend is wrong once, not twice. */
async function problemsOf(
  reader: RepositoryReader,
  clusters: readonly string[],
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const found = new Map<string, Problem>()
  for (const cluster of clusters) {
    const { problems } = await compileRevision(reader, cluster, assumedFacts, signal)
    for (const problem of problems) {
      const { code, place, what } = problem
      found.set(JSON.stringify([code, place.file, place.line, place.column, what]), problem)
    }
  }
  return [...found.values()].sort(compareProblems)
}

function summaryOf(clusters: readonly string[], problems: readonly Problem[], hidesNotices: boolean): string {
  const of = (severity: Problem['severity']): number =>
    problems.filter((problem) => problem.severity === severity).length
  const hidden = hidesNotices && of('notice') > 0 ? ' (shown with --verbose)' : ''
  const found = [count(of('error'), 'error'), count(of('warning'), 'warning'), count(of('notice'), 'notice')]
  return `${count(clusters.length, 'cluster')}: ${found.join(', ')}${hidden}\n`
}

import { resolve } from 'node:path'
import { openCheckout } from '../adapters/checkout/checkout-reader.ts'
import { openLocalRevision } from '../adapters/git/local-revision.ts'
import type { Capture } from '../domain/capture.ts'
import { assumedFacts } from '../domain/facts.ts'
import type { Problem } from '../domain/problem.ts'
import { allRules } from '../lint/catalogue.ts'
import type { Rule } from '../lint/rule.ts'
import { runRules } from '../lint/run-rules.ts'
import type { LintSubject } from '../lint/subject.ts'
import type { RepositoryReader } from '../ports/repository-port.ts'
import { capturedSubject } from '../reconcile/captured-subject.ts'
import { lintRevision } from '../reconcile/lint-revision.ts'
import { chooseCluster } from '../reconcile/load-desired.ts'
import { manifestProblems } from '../reconcile/machine-subject.ts'
import { maskedProblems } from '../reconcile/masked-problems.ts'
import { readOnce } from '../reconcile/read-once.ts'
import { listClusters } from '../schema/load-cluster.ts'
import type { CommandCall } from './command.ts'
import { type LintReport, problemsOnce } from './lint-report.ts'
import { readCaptureFile } from './preview-inputs.ts'
import { count } from './print-problems.ts'
import { printable } from './printable.ts'

/** Clusters of a checkout: all of them, or the one that `--cluster` names; with `--base`, what changed about it. */
export async function lintCheckout(call: CommandCall, only: readonly Rule[] | undefined): Promise<LintReport> {
  const { settings, terminal, options } = call
  const signal = terminal.interrupted
  const directory = checkoutOf(call)
  const reader = readOnce(openCheckout(directory))
  const clusters = await chosenClusters(reader, settings.cluster, signal)
  const before = typeof options['base'] === 'string' ? await openBase(call, directory, options['base']) : undefined
  const problems: Problem[] = []
  for (const cluster of clusters) {
    const lintOptions = { before: await before?.(cluster), only }
    problems.push(...(await lintRevision(reader, cluster, assumedFacts, lintOptions, signal)).problems)
  }
  const title = count(clusters.length, 'cluster')
  return { lookedAt: { clusters }, title, problems: problemsOnce(problems) }
}

/** A captured cluster: with its cluster of the checkout, or, where there is no checkout, as it is. */
export async function lintCapture(
  call: CommandCall,
  file: string,
  only: readonly Rule[] | undefined,
): Promise<LintReport> {
  const { settings, terminal } = call
  const signal = terminal.interrupted
  const read = await readCaptureFile(call, file)
  if (!read.ok) return { lookedAt: { capture: file }, title: file, problems: read.error }
  const capture = read.value
  const before = capturedSubject(capture)
  const reader = readOnce(openCheckout(checkoutOf(call)))
  if (!(await hasRepository(call, reader))) return captureAlone(file, before, only)
  const cluster = await chooseCluster(reader, settings.cluster ?? clusterOf(capture), signal)
  const { problems } = await lintRevision(reader, cluster, capture.facts, { before, only }, signal)
  return { lookedAt: { clusters: [cluster], capture: file }, title: '1 cluster', problems }
}

function captureAlone(file: string, subject: LintSubject, only: readonly Rule[] | undefined): LintReport {
  const own = only === undefined ? manifestProblems(subject.manifests) : []
  const found = maskedProblems(
    [...own, ...runRules(only ?? allRules, subject)],
    subject.nodes.map((node) => node.settings),
  )
  return { lookedAt: { capture: file }, title: printable(file), problems: problemsOnce(found) }
}

function clusterOf({ metadata }: Capture): string {
  return metadata.name
}

function checkoutOf({ settings, words, terminal }: CommandCall): string {
  return resolve(terminal.workingDirectory, words[0] ?? settings.repo)
}

/** One that was named has to be there; the working directory may be anything. */
async function hasRepository({ settings, words, terminal }: CommandCall, reader: RepositoryReader): Promise<boolean> {
  const isNamed = words[0] !== undefined || settings.repo !== '.' || settings.cluster !== undefined
  return isNamed || (await clustersIn(reader, terminal.interrupted)).length > 0
}

/** Without a name all of them; a repository without any is no success. */
async function chosenClusters(
  reader: RepositoryReader,
  name: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const all = name === undefined ? await clustersIn(reader, signal) : []
  return all.length > 0 ? all : [await chooseCluster(reader, name, signal)]
}

async function clustersIn(reader: RepositoryReader, signal: AbortSignal): Promise<readonly string[]> {
  return listClusters(await reader.readDirectory('clusters', signal))
}

type FindBefore = (cluster: string) => Promise<LintSubject | undefined>

/** A cluster that is new, or that could not be read before, is compared with nothing. */
async function openBase({ terminal }: CommandCall, directory: string, base: string): Promise<FindBefore> {
  const signal = terminal.interrupted
  const opened = await openLocalRevision(directory, base, signal)
  const reader = readOnce(opened.reader)
  const old = await clustersIn(reader, signal)
  return async (cluster) => {
    if (!old.includes(cluster)) return undefined
    const linted = await lintRevision(reader, cluster, assumedFacts, { only: [] }, signal)
    if (linted.kind === 'linted') return linted.subject
    terminal.err.write(`${printable(cluster)} has errors at ${printable(base)}: compared with nothing\n`)
    return undefined
  }
}

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { openCheckout } from '../adapters/checkout/checkout-reader.ts'
import { openLocalRevision } from '../adapters/git/local-revision.ts'
import { convergeSettings, openMachine } from '../agent/this-machine.ts'
import { assumedFacts } from '../domain/facts.ts'
import { Failure } from '../domain/failure.ts'
import type { Problem } from '../domain/problem.ts'
import type { RepositoryReader } from '../ports/repository-port.ts'
import { compileRevision } from '../reconcile/compile-revision.ts'
import { chooseCluster } from '../reconcile/load-desired.ts'
import { previewCapture } from '../reconcile/preview-capture.ts'
import type { ClusterPreview } from '../reconcile/preview-plan.ts'
import { previewRevision } from '../reconcile/preview-revision.ts'
import { readCapture } from '../schema/capture.ts'
import { listClusters } from '../schema/load-cluster.ts'
import type { CommandCall } from './command.ts'
import { fileFailure } from './file-failure.ts'
import { previewThisMachine } from './machine-preview.ts'
import { openRepository } from './open-repository.ts'
import type { PlanWorld } from './plan-json.ts'
import { printable } from './printable.ts'
import { terminalLog } from './terminal-log.ts'

export type PreviewOutcome =
  | { readonly kind: 'preview'; readonly clusters: readonly ClusterPreview[]; readonly against: PlanWorld }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[]; readonly of?: 'the capture' }
  | { readonly kind: 'usage'; readonly message: string }

/** What `plan` and `diff` are about: this machine, a capture, or what the work tree changes about another revision. */
export async function previewFor(call: CommandCall): Promise<PreviewOutcome> {
  const { capture, base } = call.options
  if (typeof capture === 'string' && typeof base === 'string') {
    return { kind: 'usage', message: '--capture and --base exclude each other: a plan is made against one world' }
  }
  if (typeof capture === 'string') return againstCapture(call, capture)
  if (typeof base === 'string') return againstRevision(call, base)
  return againstMachine(call)
}

async function againstMachine(call: CommandCall): Promise<PreviewOutcome> {
  const machine = openMachine(call.settings, call.terminal, terminalLog(call.terminal, { progress: false }))
  const converge = convergeSettings(call.settings, { placeFlags: false })
  const outcome = await previewThisMachine(call, machine, converge)
  if (outcome.kind === 'refused') return outcome
  return { kind: 'preview', clusters: [outcome.preview], against: { kind: 'machine', name: machine.root } }
}

async function againstCapture(call: CommandCall, file: string): Promise<PreviewOutcome> {
  const { settings, terminal } = call
  const read = await readCaptureFile(call, file)
  if (!read.ok) return { kind: 'refused', problems: read.error, of: 'the capture' }
  const capture = read.value
  const repository = await openRepository(settings, terminal, terminalLog(terminal, { progress: false }))
  try {
    const name = settings.cluster ?? capture.metadata.name
    const directory = await chooseCluster(repository.reader, name, terminal.interrupted)
    const compiled = await compileRevision(repository.reader, directory, capture.facts, terminal.interrupted)
    if (compiled.kind === 'refused') return compiled
    const preview = onlyNode(previewCapture(compiled, capture), settings.node)
    return { kind: 'preview', clusters: [preview], against: { kind: 'capture', name: file } }
  } finally {
    await repository.close()
  }
}

/** @throws Failure FILE_REFUSED, CAPTURE_OTHER_CLUSTER */
export async function readCaptureFile(
  { settings, terminal }: Pick<CommandCall, 'settings' | 'terminal'>,
  file: string,
): Promise<ReturnType<typeof readCapture>> {
  const path = resolve(terminal.workingDirectory, file)
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw fileFailure(cause, 'read', path)
  })
  const read = readCapture(file, bytes)
  if (read.ok) refuseOtherCluster(settings.cluster, read.value.metadata.name, file)
  return read
}

/** What one cluster is, planned with the documents of another, would be a rebuild of it. */
function refuseOtherCluster(wanted: string | undefined, captured: string, file: string): void {
  if (wanted === undefined || wanted === captured) return
  throw new Failure(`the capture is of cluster ${captured}, not of ${wanted}`, {
    code: 'CAPTURE_OTHER_CLUSTER',
    where: file,
    fix: `name that cluster with --cluster ${captured}, or take a capture of ${wanted}`,
    retry: 'never',
  })
}

/** The nodes of a preview that were asked for. */
function onlyNode(preview: ClusterPreview, node: string | undefined): ClusterPreview {
  if (node === undefined) return preview
  const nodes = preview.nodes.filter((one) => one.node === node)
  if (nodes.length > 0) return { ...preview, nodes }
  throw new Failure(`the capture has no node ${JSON.stringify(node)}`, {
    code: 'CAPTURE_NODE_UNKNOWN',
    where: '--node',
    fix: `it has ${preview.nodes.map((one) => one.node).join(', ')}`,
    retry: 'never',
  })
}

async function againstRevision({ settings, terminal }: CommandCall, base: string): Promise<PreviewOutcome> {
  const signal = terminal.interrupted
  const checkout = resolve(terminal.workingDirectory, settings.repo)
  const head = openCheckout(checkout)
  const { reader: before } = await openLocalRevision(checkout, base, signal)
  const [old, now] = [await clusterDirectories(before, signal), await clusterDirectories(head, signal)]
  const chosen = settings.cluster === undefined ? now : [await chooseCluster(head, settings.cluster, signal)]
  for (const gone of settings.cluster === undefined ? old.filter((directory) => !now.includes(directory)) : []) {
    terminal.err.write(
      `${printable(gone)} is gone: its machines keep the last good revision until they follow another\n`,
    )
  }
  const clusters: ClusterPreview[] = []
  const problems: Problem[] = []
  for (const directory of chosen) {
    const after = await compileRevision(head, directory, assumedFacts, signal)
    if (after.kind === 'refused') {
      problems.push(...after.problems)
      continue
    }
    const compiled = old.includes(directory)
      ? await compileRevision(before, directory, assumedFacts, signal)
      : undefined
    if (compiled?.kind === 'refused') {
      terminal.err.write(`${printable(directory)} has errors at ${printable(base)}: compared with nothing\n`)
    }
    clusters.push(previewRevision(after.cluster.cluster, compiled?.kind === 'compiled' ? compiled : undefined, after))
  }
  if (problems.length > 0) return { kind: 'refused', problems }
  return { kind: 'preview', clusters, against: { kind: 'revision', name: base } }
}

async function clusterDirectories(reader: RepositoryReader, signal: AbortSignal): Promise<readonly string[]> {
  return listClusters(await reader.readDirectory('clusters', signal))
}

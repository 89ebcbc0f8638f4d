import type { Cause, FileChange, ReportedDrift } from '../domain/change.ts'
import type { Drop } from '../domain/drop.ts'
import type { NetworkChange } from '../domain/network-change.ts'
import { inPlacePath } from '../k3s/locations.ts'
import type { LabelDifference } from '../reconcile/preview-labels.ts'
import {
  type ClusterPreview,
  type Effect,
  effectOf,
  hasChanges,
  type NodePreview,
  type PlanSummary,
  pathOfChange,
  summarize,
} from '../reconcile/preview-plan.ts'
import type { Colours } from './colour.ts'
import { printable } from './printable.ts'
import { formatTable } from './table.ts'

export interface PlanTextOptions {
  readonly colours: Colours
  /** With the part of the repository that each change comes from. */
  readonly wide: boolean
}

const symbols: Readonly<Record<Effect, string>> = { create: '+', change: '~', remove: '-', takeover: '!' }
const symbolColours: ReadonlyMap<string, keyof Colours> = new Map([
  ['+', 'green'],
  ['~', 'yellow'],
  ['-', 'red'],
  ['!', 'cyan'],
  ['?', 'cyan'],
])

/** A plan for people: what each node gets, by who made it necessary, and what all of it costs. */
export function formatPlan(clusters: readonly ClusterPreview[], options: PlanTextOptions): string {
  const blocks = clusters.flatMap((cluster) => [
    ...cluster.nodes.map((node) => formatNode(cluster.cluster, node, options)),
    formatLabels(cluster, options),
  ])
  return [...blocks.filter((block) => block !== ''), formatSummary(summarize(clusters), options.colours)].join('\n')
}

function formatNode(cluster: string, node: NodePreview, options: PlanTextOptions): string {
  const { reported } = node.plan
  const groups = [
    formatGroup(
      'Caused by this revision',
      changesOf(node, 'Revision'),
      [],
      options,
      kernelRows(node, 'Revision', options),
    ),
    formatGroup(
      'Already drifted',
      changesOf(node, 'Drift'),
      reported.filter(isDrift),
      options,
      kernelRows(node, 'Drift', options),
    ),
    formatGroup(
      'Encrypted in the repository',
      [],
      reported.filter((one) => !isDrift(one)),
      options,
    ),
    formatGroup('Owned by someone else', changesOf(node, 'Foreign'), [], options, foreignRows(node)),
    formatGroup('Left as it is for now', [], [], options, waitingRows(node)),
    formatDrops(node.drops, options),
    formatWaiting(node),
  ].filter((group) => group !== '')
  const heading = options.colours.bold(`${printable(cluster)} / ${printable(node.node)}`)
  const body = groups.length === 0 ? '  nothing to do\n' : groups.join('\n')
  return `${heading}\n${body}${formatRefusal(node)}`
}

function formatRefusal({ refusal, network }: NodePreview): string {
  const kernel = network.refusals.map((reason) => `\n  refused  ${printable(reason)}\n`).join('')
  if (refusal === undefined) return kernel
  const word = ['RebuildRequired', 'FlagsOverridden'].includes(refusal.reason) ? 'refused' : 'not yet'
  return `${kernel}\n  ${word}  ${printable(refusal.message)}\n`
}

function isDrift({ reason }: ReportedDrift): boolean {
  return reason !== 'Encrypted'
}

function changesOf(node: NodePreview, cause: Cause): readonly FileChange[] {
  return node.plan.changes.filter((change) => change.cause === cause)
}

function formatGroup(
  title: string,
  changes: readonly FileChange[],
  reported: readonly ReportedDrift[],
  options: PlanTextOptions,
  kernel: readonly (readonly string[])[] = [],
): string {
  const rows = [
    ...changes.map((change) => changeRow(change, options)),
    ...kernel,
    ...reported.map((drift) => ['?', drift.path, drift.reason, drift.message]),
  ]
  return rows.length === 0 ? '' : `  ${title}\n${formatRows(rows, options.colours)}`
}

function changeRow(change: FileChange, { wide }: PlanTextOptions): string[] {
  const after = 'after' in change ? change.after : undefined
  const path = pathOfChange(change)
  const staged = inPlacePath(path) === path ? '' : ', staged until K3s restarts'
  const origin = after === undefined ? 'no longer wanted' : after.origin
  const row = [symbols[effectOf(change)], path, change.impact.kind, `${reasonOf(change)}${staged}`]
  return wide ? [...row.slice(0, 3), origin, ...row.slice(3)] : row
}

function kernelRows({ network }: NodePreview, cause: Cause, { wide }: PlanTextOptions): string[][] {
  return network.changes
    .filter((change) => change.cause === cause)
    .map((change) => {
      const row = [symbols[change.effect], change.what, change.impact.kind, kernelReason(change)]
      return wide ? [...row.slice(0, 3), change.origin, ...row.slice(3)] : row
    })
}

function kernelReason({ impact, risk }: NetworkChange): string {
  return risk === undefined ? impact.reason : `${impact.reason}; under a checkpoint: ${risk}`
}

function foreignRows({ network }: NodePreview): string[][] {
  return network.reported
    .filter(({ kind }) => kind === 'foreign')
    .map(({ what, reason }) => ['?', what, 'Foreign', reason])
}

/** What waits for an interface, for a program or for a capability; pods' routes and leftovers are told by the loop. */
function waitingRows({ network }: NodePreview): string[][] {
  return network.reported
    .filter(({ kind }) => kind !== 'foreign')
    .map(({ what, reason }) => ['?', what, 'Waits', reason])
}

function reasonOf(change: FileChange): string {
  if (change.kind === 'takeover') return 'exists with other content; fairlead adopt takes it over'
  if (change.kind === 'empty') return 'emptied first, removed once its objects are gone'
  return change.impact.reason
}

function formatDrops(drops: readonly Drop[], { colours }: PlanTextOptions): string {
  const rows = drops.flatMap((drop) => [
    ['?', drop.path, drop.handling, drop.holdsSecret ? 'holds a Secret' : ''],
    ...drop.findings.map((found) => [
      '',
      `  ${found.line}:${found.column} ${found.code}`,
      '',
      `${found.what}; ${found.fix}`,
    ]),
  ])
  return rows.length === 0 ? '' : `  Drops\n${formatRows(rows, colours)}`
}

function formatWaiting({ plan }: NodePreview): string {
  const changed = new Set(plan.changes.map((change) => change.id))
  const waiting = plan.waitingFlags.filter((file) => !changed.has(file.id)).map((file) => inPlacePath(file.path))
  if (waiting.length === 0) return ''
  return `  Waiting for a restart of K3s\n${waiting.map((path) => `    ${printable(path)}\n`).join('')}`
}

function formatLabels({ cluster, labels, labelsCompared }: ClusterPreview, { colours }: PlanTextOptions): string {
  if (labels.length === 0) return ''
  const title = labelsCompared ? 'Labels' : 'Labels that are wanted; not compared with the cluster, not applied yet'
  const rows = labels.map((label) => [
    symbols[label.effect],
    `${label.kind === 'node-labels' ? 'node' : 'service'} ${label.object}`,
    `${label.field} ${label.key}${shownValue(label)}`,
    ...(labelsCompared ? [label.impact.kind] : []),
  ])
  return `${colours.bold(`${printable(cluster)} / Kubernetes API`)}\n  ${title}\n${formatRows(rows, colours)}`
}

function shownValue({ before, after }: LabelDifference): string {
  if (before !== undefined && after !== undefined) return `: ${before} -> ${after}`
  return `=${after ?? before}`
}

/** @param rows a symbol, and then the cells of a table */
function formatRows(rows: readonly (readonly string[])[], colours: Colours): string {
  const lines = formatTable(rows.map((row) => row.slice(1))).split('\n')
  return rows
    .map(([symbol = ''], index) => {
      const colour = symbolColours.get(symbol)
      const painted = colour === undefined ? symbol : colours[colour](symbol)
      return `    ${painted}${' '.repeat(2 - symbol.length)}${lines[index] ?? ''}\n`
    })
    .join('')
}

/** `Plan: 3 to create, 1 to change, 0 to remove · impact: K3sRestart`. */
export function formatSummary(summary: PlanSummary, colours: Colours): string {
  if (!hasChanges(summary)) return `${colours.bold('Plan: no changes')}\n`
  const { create, change, remove, takeover, impact } = summary
  const foreign = takeover === 0 ? '' : `, ${takeover} to take over`
  const cost = impact.kind === 'None' ? 'None' : `${impact.kind} (${impact.reason})`
  return `${colours.bold(`Plan: ${create} to create, ${change} to change, ${remove} to remove${foreign}`)} · impact: ${cost}\n`
}

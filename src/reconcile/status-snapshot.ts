import type { ComponentStatus, FileStatus, StatusSnapshot } from '../domain/status.ts'
import { inPlacePath } from '../k3s/locations.ts'
import { componentSwitches } from '../k3s/packaged-components.ts'
import { packagedFiles } from '../plan/packaged-target.ts'
import type { LastGood } from '../ports/node-state-port.ts'
import { readYamlMap } from '../text/yaml-read.ts'
import { conditionsOf } from './conditions.ts'
import type { NodeOutcome } from './converge-node.ts'
import { describeProblem } from './describe-problem.ts'
import { networkStatus } from './network/network-status.ts'
import type { StatusInput } from './status-input.ts'

/** The one value behind the status file, `fairlead status`, the API and the page. */
export function statusSnapshot(input: StatusInput): StatusSnapshot {
  const { source, outcome, previous } = input
  const { state } = source
  return {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'Status',
    cluster: input.cluster,
    node: input.node,
    engine: outcome?.node.engine ?? 'builtin',
    source: input.sourceDescription,
    revision: outcome?.enforced.revision.name ?? '',
    attemptedRevision: state.kind === 'unread' ? (previous?.attemptedRevision ?? '') : state.revision.name,
    verdict: input.verdict?.kind ?? 'unknown',
    suspended: input.suspended,
    conditions: conditionsOf(input),
    components: outcome === undefined ? [] : componentsOf(outcome.enforced),
    files: outcome === undefined ? [] : filesOf(outcome),
    drops: outcome?.decision.drops ?? [],
    ...(input.network === undefined ? {} : { network: networkStatus(input.network) }),
    ...(input.deploy === undefined ? {} : { deploy: input.deploy }),
    problems: state.kind === 'unread' ? (previous?.problems ?? []) : state.problems.map(describeProblem),
    lastHandledReconcileAt: input.lastHandledReconcileAt,
  }
}

function componentsOf(enforced: LastGood): ComponentStatus[] {
  const { packaged, files } = enforced.program
  const flags = readYamlMap(files.find((file) => file.location === 'k3s-config')?.text ?? '')
  return componentSwitches.map((item) => ({
    name: item.key,
    enabled: item.kind === 'flag' ? flags[item.flag] !== true : !packaged.disabled.includes(item.item),
  }))
}

/** As the files are after the pass: what it changed counts as done. */
function filesOf(outcome: NodeOutcome): FileStatus[] {
  const { decision, applied, enforced } = outcome
  const { plan, guard } = decision
  const done = new Set(applied.map((change) => change.id))
  const open = new Map(plan.changes.filter((change) => !done.has(change.id)).map((change) => [pathOf(change), change]))
  const rows: FileStatus[] = []
  for (const file of enforced.program.files) {
    const change = open.get(file.path)
    const locked = decision.locked.find(({ path }) => path === file.path)
    const overridden = plan.reported.find((drift) => drift.path === file.path && drift.reason === 'FlagsOverridden')
    if (locked !== undefined)
      rows.push({ ...row(file.path, 'Pending'), message: `cannot be decrypted: ${locked.failure.detail.code}` })
    else if (plan.waitingFlags.some((flag) => inPlacePath(flag.path) === file.path))
      rows.push({ ...row(file.path, 'Staged'), message: 'waits for a restart of K3s' })
    else if (overridden !== undefined) rows.push({ ...row(file.path, 'Drifted'), message: overridden.message })
    else if (change === undefined) rows.push(row(file.path, 'Current'))
    else if (change.kind === 'takeover') rows.push({ ...row(file.path, 'Foreign'), message: 'exists and is not ours' })
    else rows.push({ ...row(file.path, 'Pending'), message: change.impact.reason })
  }
  for (const path of packagedFiles(guard.target).keys()) {
    if (enforced.program.files.some((file) => file.path === path)) continue
    const reported = plan.reported.find((drift) => drift.path === path)
    const state = reported !== undefined ? 'Drifted' : open.has(path) ? 'Pending' : 'Current'
    rows.push({ path, class: 'packaged', state, message: reported?.message ?? '' })
  }
  for (const drift of plan.reported.filter((one) => !rows.some((known) => known.path === one.path))) {
    rows.push({ path: drift.path, class: 'packaged', state: 'Pending', message: drift.message })
  }
  for (const change of plan.changes.filter((one) => one.kind === 'empty')) {
    rows.push({ ...row(change.before.path, 'Removing'), message: 'emptied; removed once its objects are gone' })
  }
  return rows.sort((a, b) => (a.path < b.path ? -1 : 1))
}

function row(path: string, state: FileStatus['state']): FileStatus {
  return { path, class: 'program', state, message: '' }
}

function pathOf(change: NodeOutcome['applied'][number]): string {
  return 'after' in change ? change.after.path : change.before.path
}

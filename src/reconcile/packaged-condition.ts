import type { Condition } from '../domain/verdict.ts'
import { manifestName } from '../k3s/locations.ts'
import { isPackagedManifest } from '../k3s/packaged-components.ts'
import { packagedFiles } from '../plan/packaged-target.ts'
import type { NodeOutcome } from './converge-node.ts'

type Told = Pick<Condition, 'status' | 'reason' | 'message'>

/** Whether the packaged files are as they were staged, and whether anybody knows. */
export function packagedCondition(outcome: NodeOutcome | undefined): Condition {
  return { type: 'PackagedFiles', ...told(outcome) }
}

function told(outcome: NodeOutcome | undefined): Told {
  if (outcome === undefined) return unknown('Unobserved', 'No pass has looked at them yet')
  const { target } = outcome.decision.guard
  switch (target.kind) {
    case 'unknown':
      return unknown('PristineUnknown', 'What K3s staged is not known; guarded from its next start on')
    case 'starting':
      return unknown('K3sStarting', 'Not guarded until K3s has staged its files')
    case 'bundle':
    case 'pristine':
      return toldOfGuarded(outcome)
    default:
      return target satisfies never
  }
}

function toldOfGuarded(outcome: NodeOutcome): Told {
  const { plan, guard } = outcome.decision
  const edited = plan.reported.filter((drift) => drift.reason === 'PackagedFilesReport').map((drift) => drift.path)
  if (edited.length > 0)
    return { status: 'False', reason: 'Edited', message: `Reported, not restored: ${list(edited)}` }
  const open = plan.changes.filter((change) => change.kind === 'restore' && !outcome.applied.includes(change))
  const missing = open.flatMap((change) => ('after' in change ? [change.after.path] : []))
  if (missing.length > 0) return { status: 'False', reason: 'NotStaged', message: `Not as staged: ${list(missing)}` }
  const unguarded = guard.target.kind === 'pristine' ? unguardedPaths(outcome) : []
  if (unguarded.length > 0) {
    return unknown('PartlyGuarded', `Edited while K3s staged them, or left from an older release: ${list(unguarded)}`)
  }
  return { status: 'True', reason: 'AsStaged', message: 'Every packaged file is as it was staged' }
}

function unguardedPaths({ node, decision }: NodeOutcome): string[] {
  const guarded = packagedFiles(decision.guard.target)
  return [...node.observation.files.keys()].filter(
    (path) => isPackagedManifest(manifestName(path) ?? '') && !guarded.has(path),
  )
}

function unknown(reason: string, message: string): Told {
  return { status: 'Unknown', reason, message }
}

function list(paths: readonly string[]): string {
  return paths.toSorted().join(', ')
}

import type { FileArtefact } from '../domain/artefact.ts'
import type { FileChange } from '../domain/change.ts'
import type { Failure } from '../domain/failure.ts'
import type { Verdict } from '../domain/verdict.ts'
import { rebuildWayOut } from '../k3s/change-impact.ts'
import { type RefusedFlags, refusalText } from '../plan/flag-refusal.ts'
import { type PlannedNode, takeovers } from '../plan/plan-node.ts'

interface NodeSituation {
  readonly failures: readonly Failure[]
  readonly waitingFlags: readonly FileArtefact[]
  /** Flags in place are newer than the K3s that runs. */
  readonly restartDue: boolean
  readonly hasRemovals: boolean
  readonly contested: readonly { readonly path: string; readonly writer: string }[]
  readonly revisits: readonly (number | undefined)[]
}

/** How a pass ended, in words that stay the same while nothing changes. */
export function nodeVerdict(situation: NodeSituation): Verdict {
  const { failures, contested } = situation
  const [failure] = failures
  const revisits = situation.revisits.filter((wait) => wait !== undefined)
  const revisit = revisits.length === 0 ? {} : { revisitAfterMs: Math.min(...revisits) }
  if (failure !== undefined) {
    const message = failures.map((one) => `${one.message} (${one.detail.fix})`).join('; ')
    return { kind: 'failed', reason: failure.detail.code, message, failures }
  }
  if (contested.length > 0) {
    const message = contested.map(({ path, writer }) => `${path} is changed again and again by ${writer}`).join('; ')
    return { kind: 'pending', reason: 'Contested', message, ...revisit }
  }
  if (situation.hasRemovals) {
    const message = 'emptied manifests are removed once their objects have been pruned'
    return { kind: 'pending', reason: 'Removing', message, ...revisit }
  }
  if (situation.waitingFlags.length > 0) {
    const message =
      'new K3s flags are staged and wait for a restart: fairlead apply --once --place-flags, then restart K3s'
    return { kind: 'pending', reason: 'RestartPending', message, ...revisit }
  }
  if (situation.restartDue) {
    const message = 'K3s has not been restarted since its flags were written'
    return { kind: 'pending', reason: 'RestartPending', message, ...revisit }
  }
  return { ...settled, ...revisit }
}

const settled = { kind: 'settled', reason: 'Applied', message: 'The node is as the revision says' } as const

/** The machine refused before anything could be decided: its root, its state directory, a link on the way. */
export function failedPass(failure: Failure): Verdict {
  const message = `${failure.message} (${failure.detail.fix})`
  return { kind: 'failed', reason: failure.detail.code, message, failures: [failure] }
}

/** Law 13: on first contact only report. The kernel is not looked at before, so what waits there is not counted. */
export function notAdopted(): Verdict {
  const message = 'This machine was not managed before; nothing is written until fairlead adopt, which shows what waits'
  return { kind: 'blocked', reason: 'NotAdopted', message }
}

export function otherCluster(adopted: string, wanted: string): Verdict {
  const message = `This machine was adopted for cluster ${adopted}, and the revision is for cluster ${wanted}; fairlead adopt --cluster ${wanted} moves it`
  return { kind: 'blocked', reason: 'OtherCluster', message }
}

/** Why a plan may not be carried out, whatever the machine; undefined when it may. */
export function planRefusal(plan: PlannedNode): Verdict | undefined {
  const impossible = plan.changes.filter((change) => change.impact.kind === 'Rebuild')
  return impossible.length > 0 ? rebuildRequired(impossible) : flagsRefused(plan.refusedFlags)
}

function rebuildRequired(changes: readonly FileChange[]): Verdict {
  const reasons = [...new Set(changes.map((change) => change.impact.reason))].sort().join('; ')
  return { kind: 'blocked', reason: 'RebuildRequired', message: `${reasons}. The way out: ${rebuildWayOut}` }
}

/** Flags that K3s would not take from our drop-in: nothing of the revision is carried out before that is mended. */
function flagsRefused(refused: readonly RefusedFlags[]): Verdict | undefined {
  if (refused.length === 0) return undefined
  return { kind: 'blocked', reason: 'FlagsOverridden', message: refused.map(refusalText).join('; ') }
}

/** Files of somebody else's at our paths; everything else of the plan was carried out. */
export function blockedByTakeovers(plan: PlannedNode): Verdict | undefined {
  const foreign = takeovers(plan).map((change) => change.before.path)
  if (foreign.length === 0) return undefined
  const message = `${foreign.join(', ')} exists and is not ours; fairlead adopt shows the difference and takes it over`
  return { kind: 'blocked', reason: 'ForeignFile', message }
}

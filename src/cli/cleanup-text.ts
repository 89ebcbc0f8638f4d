import type { CleanupPlan, Removal } from '../domain/leftovers.ts'
import { describeRemoval } from '../plan/cleanups/describe-removal.ts'
import type { Colours } from './colour.ts'
import { printable } from './printable.ts'

/** A plan for people, one block for each component: what goes and why, then what stays and why. */
export function formatCleanups(plan: CleanupPlan, lost: readonly string[], { bold, red, yellow }: Colours): string {
  const kinds = [...new Set([...plan.removals, ...plan.kept].map(({ cleanup }) => cleanup))]
  if (kinds.length === 0) return 'nothing is left behind\n'
  return kinds
    .map((kind) => {
      const removals = plan.removals.filter(({ cleanup }) => cleanup === kind)
      const kept = plan.kept.filter(({ cleanup }) => cleanup === kind)
      const widens = removals.some(({ widensAccess }) => widensAccess)
      return [
        `${bold(kind)}${removals[0] === undefined ? '' : `  ${printable(removals[0].reason)}`}`,
        ...removals.map((removal) => `  ${red('-')} ${printable(describeRemoval(removal))}${suffix(removal, lost)}`),
        ...(widens ? [`  ${yellow('!')} traffic that it blocks may flow afterwards`] : []),
        ...kept.map(({ what, reason }) => `  = ${printable(what)}\n      stays  ${printable(reason)}`),
        ...(kept.some(mayBeVouchedFor)
          ? [`      fix    where you know that nothing of it runs any more: fairlead cleanup --gone ${kind}`]
          : []),
      ].join('\n')
    })
    .join('\n\n')
    .concat('\n')
}

/** What nothing on this node shows, and a person may know; the other doubts are about something else. */
function mayBeVouchedFor({ reason }: CleanupPlan['kept'][number]): boolean {
  return /^unknown: (?:nothing|this is an agent|no other pod network)/.test(reason)
}

function suffix(removal: Removal, lost: readonly string[]): string {
  return lost.includes(describeRemoval(removal)) ? ' (no undo)' : ''
}

export function cleanupReport(plan: CleanupPlan, lost: readonly string[], undo: string | undefined): object {
  const removals = plan.removals.map((removal) => {
    const { cleanup, reason, widensAccess } = removal
    const what = describeRemoval(removal)
    return { cleanup, kind: removal.kind, what, reason, widensAccess, hasUndo: !lost.includes(what) }
  })
  return { apiVersion: 'fairlead.dev/v1alpha1', kind: 'CleanupReport', removals, kept: plan.kept, undo }
}

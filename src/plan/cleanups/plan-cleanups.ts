import type { CleanupArtefact, CleanupKind } from '../../domain/cleanup.ts'
import type { CleanupPlan, Leftovers, Removal } from '../../domain/leftovers.ts'
import { describeRemoval } from './describe-removal.ts'
import type { CleanupEvidence } from './evidence.ts'
import { findLeftovers } from './find-leftovers.ts'
import { whyNotGone } from './owner-gone.ts'

export interface CleanupInput extends CleanupEvidence {
  readonly leftovers: Leftovers
  readonly cleanups: readonly CleanupArtefact[]
  /** For how many milliseconds nothing of a component has changed; undefined when it was never watched. */
  readonly silentForMs: (cleanup: CleanupKind) => number | undefined
  readonly requiredSilenceMs: number
  /** A person said yes to what may let traffic through that was blocked. */
  readonly allowWidening: boolean
}

/** How long a component has to be silent before what it left is removed without a person looking on. */
export const silenceMs = 60_000

/** What goes and what stays, with the reason. Nothing goes whose owner runs, or of which nobody can tell. */
export function planCleanups(input: CleanupInput): CleanupPlan {
  const plans = input.cleanups.map((artefact) => planOne(artefact, input))
  return { removals: plans.flatMap(({ removals }) => removals), kept: plans.flatMap(({ kept }) => kept) }
}

function planOne(artefact: CleanupArtefact, input: CleanupInput): CleanupPlan {
  const found = findLeftovers(artefact, input.leftovers)
  // Without anything to remove nobody needs to know who runs.
  const reason = found.removals.length === 0 ? undefined : whyKept(artefact, found.removals, input)
  if (reason === undefined) return found
  const all = found.removals.map((removal) => ({
    cleanup: artefact.cleanup,
    what: describeRemoval(removal),
    reason,
  }))
  return { removals: [], kept: [...all, ...found.kept] }
}

function whyKept(artefact: CleanupArtefact, removals: readonly Removal[], input: CleanupInput): string | undefined {
  const notGone = whyNotGone(artefact, input.leftovers, input)
  if (notGone !== undefined) return notGone
  const silent = input.silentForMs(artefact.cleanup) ?? 0
  if (silent < input.requiredSilenceMs) {
    const seconds = Math.ceil(input.requiredSilenceMs / 1000)
    return `watched: it goes once nothing of it has changed for ${seconds} seconds`
  }
  const widens = removals.some(({ widensAccess }) => widensAccess)
  return widens && !input.allowWidening ? 'needs a yes: traffic that it blocks may flow once it is gone' : undefined
}

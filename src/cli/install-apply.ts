import { systemClock } from '../adapters/clock/system-clock.ts'
import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import type { KubernetesObject } from '../domain/facts.ts'
import { unreachable } from '../domain/unreachable.ts'
import { applyInstallation } from '../reconcile/install/apply-installation.ts'
import { type ObjectOutcome, refText } from '../reconcile/objects/object-outcome.ts'
import { clusterObjects } from './cluster-objects.ts'
import type { CommandCall } from './command.ts'
import { printable } from './printable.ts'

/**
 * Another name than that of the controller: what a controller applies of the same objects (its kinds, its namespace) is
 * less than an installation does, and must not take the rest away.
 */
const manager = 'fairlead-install'

/** `--apply`: into the cluster instead of to the terminal; what an older release had and this one has not goes. */
export async function applyInstallationTo(call: CommandCall, desired: readonly KubernetesObject[]): Promise<ExitCode> {
  const { terminal } = call
  const objects = await clusterObjects(call, { manager })
  try {
    const outcomes = await applyInstallation(desired, { objects, clock: systemClock() }, terminal.interrupted)
    for (const outcome of outcomes) terminal.out.write(`${printable(lineOf(outcome))}\n`)
    return outcomes.every(isDone) ? exitCode.done : exitCode.failed
  } finally {
    await objects.close()
  }
}

function isDone({ kind }: ObjectOutcome): boolean {
  return ['Created', 'Changed', 'Unchanged', 'Pruned'].includes(kind)
}

function lineOf(outcome: ObjectOutcome): string {
  const what = refText(outcome.ref)
  switch (outcome.kind) {
    case 'Created':
    case 'Changed':
    case 'Unchanged':
      return `${outcome.kind.toLowerCase().padEnd(10)}${what}`
    case 'Pruned':
      return `removed   ${what}`
    case 'Foreign':
      return `refused   ${what}: it belongs to ${outcome.owner.tool} (${outcome.owner.name})`
    case 'Refused':
      return `refused   ${what}: ${outcome.failure.message}; ${outcome.failure.detail.fix}`
    case 'NotReached':
    case 'Kept':
      return `refused   ${what}: ${outcome.message}`
    default:
      return unreachable(outcome)
  }
}

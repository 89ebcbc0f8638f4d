import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import { type ClusterPreview, hasChanges, summarize } from '../reconcile/preview-plan.ts'
import { colours } from './colour.ts'
import type { Command } from './command.ts'
import { planAsJson } from './plan-json.ts'
import { formatPlan } from './plan-text.ts'
import { previewFor } from './preview-inputs.ts'
import { reportRefused } from './print-problems.ts'
import { formatStructured, isStructured } from './structured-output.ts'

/** What would change, what it costs and who made it necessary. */
export const planCommand: Command = async (call) => {
  const { options, terminal } = call
  const outcome = await previewFor(call)
  if (outcome.kind === 'usage') {
    terminal.err.write(`fairlead: ${outcome.message}\n`)
    return exitCode.badUsage
  }
  if (outcome.kind === 'refused') {
    reportRefused(outcome.problems, terminal, outcome.of)
    return exitCode.denied
  }
  const { clusters, against } = outcome
  const format = options['output']
  terminal.out.write(
    isStructured(format)
      ? formatStructured(planAsJson(clusters, against), format)
      : formatPlan(clusters, { colours: colours(terminal.colour), wide: format === 'wide' }),
  )
  return exitCodeOf(clusters, options['detailed-exitcode'] === true)
}

/** What no living cluster can do, and flags that would not count, are denied like an error: a pull request with it must not look harmless. */
export function exitCodeOf(clusters: readonly ClusterPreview[], detailed: boolean): ExitCode {
  const isImpossible = clusters.some((cluster) =>
    cluster.nodes.some(
      (node) =>
        node.network.refusals.length > 0 || ['RebuildRequired', 'FlagsOverridden'].includes(node.refusal?.reason ?? ''),
    ),
  )
  if (isImpossible) return exitCode.denied
  return detailed && hasChanges(summarize(clusters)) ? exitCode.changesPending : exitCode.done
}

import { exitCode } from '../domain/exit-code.ts'
import { colours } from './colour.ts'
import type { Command } from './command.ts'
import { formatFileChange } from './diff-text.ts'
import { exitCodeOf } from './plan.ts'
import { previewFor } from './preview-inputs.ts'
import { reportRefused } from './print-problems.ts'

/** The contents behind a plan, as unified diffs. */
export const diffCommand: Command = async (call) => {
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
  const paint = colours(terminal.colour)
  for (const { node, plan } of outcome.clusters.flatMap((cluster) => cluster.nodes)) {
    for (const change of plan.changes) terminal.out.write(formatFileChange(node, change, paint))
  }
  return exitCodeOf(outcome.clusters, options['detailed-exitcode'] === true)
}

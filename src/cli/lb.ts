import { exitCode } from '../domain/exit-code.ts'
import { assumedFacts } from '../domain/facts.ts'
import type { Problem } from '../domain/problem.ts'
import { chooseCluster, loadDesired } from '../reconcile/load-desired.ts'
import { type LbPreview, previewLb } from '../reconcile/preview-lb.ts'
import { colours } from './colour.ts'
import type { Command, CommandCall } from './command.ts'
import { lbAsJson } from './lb-json.ts'
import { formatLb } from './lb-text.ts'
import { openRepository } from './open-repository.ts'
import { readCaptureFile } from './preview-inputs.ts'
import { reportRefused } from './print-problems.ts'
import { formatStructured, isStructured } from './structured-output.ts'
import { terminalLog } from './terminal-log.ts'

/** Which nodes serve which LoadBalancer Services, before and after the repository has its way. */
export const lbCommand: Command = async (call) => {
  const { options, terminal } = call
  const outcome = await previewOf(call)
  if (outcome.kind === 'refused') {
    reportRefused(outcome.problems, terminal, outcome.of)
    return exitCode.denied
  }
  if (outcome.preview === undefined) {
    terminal.err.write('fairlead: nobody knows the nodes of this cluster\n')
    terminal.err.write('  fix  write them into spec.nodes, or name a capture with --capture\n')
    return exitCode.failed
  }
  const { preview } = outcome
  const format = options['output']
  const wide = format === 'wide'
  const columns = terminal.isTerminal && !wide ? terminal.columns : undefined
  terminal.out.write(
    isStructured(format)
      ? formatStructured(lbAsJson(preview), format)
      : formatLb(preview, { colours: colours(terminal.colour), wide, columns }),
  )
  const differs = preview.changed.length > 0
  return differs && options['detailed-exitcode'] === true ? exitCode.changesPending : exitCode.done
}

type Outcome =
  | { readonly kind: 'refused'; readonly problems: readonly Problem[]; readonly of?: 'the capture' }
  | { readonly kind: 'preview'; readonly preview: LbPreview | undefined }

async function previewOf(call: CommandCall): Promise<Outcome> {
  const { settings, options, terminal } = call
  const { capture: file } = options
  const read = typeof file === 'string' ? await readCaptureFile(call, file) : undefined
  if (read?.ok === false) return { kind: 'refused', problems: read.error, of: 'the capture' }
  const capture = read?.value
  const repository = await openRepository(settings, terminal, terminalLog(terminal, { progress: false }))
  try {
    const name = settings.cluster ?? capture?.metadata.name
    const directory = await chooseCluster(repository.reader, name, terminal.interrupted)
    const loaded = await loadDesired(repository.reader, directory, terminal.interrupted)
    if (loaded.kind === 'refused') return loaded
    return { kind: 'preview', preview: previewLb(loaded.desired, capture?.facts ?? assumedFacts) }
  } finally {
    await repository.close()
  }
}

import { openMachine } from '../agent/this-machine.ts'
import { exitCode } from '../domain/exit-code.ts'
import type { PassRecord } from '../domain/history.ts'
import { ageOf } from './age.ts'
import type { Command } from './command.ts'
import { printable } from './printable.ts'
import { formatStructured, isStructured } from './structured-output.ts'
import { formatTable } from './table.ts'
import { terminalLog } from './terminal-log.ts'

/** The last passes that changed something or ended otherwise than the one before, newest first. */
export const historyCommand: Command = async ({ settings, options, terminal }) => {
  const { state, clock } = openMachine(settings, terminal, terminalLog(terminal, { progress: false }))
  const passes = (await state.readHistory()).toReversed()
  const format = options['output']
  if (isStructured(format)) {
    const list = { apiVersion: 'fairlead.dev/v1alpha1', kind: 'PassRecordList', items: passes }
    terminal.out.write(formatStructured(list, format))
    return exitCode.done
  }
  if (passes.length === 0) {
    terminal.err.write('no pass has been recorded yet\n')
    return exitCode.done
  }
  const isWide = format === 'wide'
  const columns = terminal.isTerminal && !isWide ? terminal.columns : undefined
  terminal.out.write(formatHistory(passes, { nowMs: clock.nowMs(), wide: isWide, columns }))
  return exitCode.done
}

export function formatHistory(
  passes: readonly PassRecord[],
  options: { readonly nowMs: number; readonly wide: boolean; readonly columns: number | undefined },
): string {
  const header = ['AGE', 'REVISION', 'VERDICT', 'REASON', 'CHANGES', 'TOOK']
  const rows = passes.map((pass) => [
    ageOf(pass.startedAt, options.nowMs),
    options.wide ? pass.revision : shortRevision(pass.revision),
    pass.verdict,
    pass.reason,
    String(pass.changes.length),
    `${Math.round(pass.durationMs)}ms`,
    ...(options.wide ? [pass.author, pass.trigger, pass.message] : [shortRevision(pass.message)]),
  ])
  const more = options.wide ? ['AUTHOR', 'TRIGGER', 'MESSAGE'] : ['MESSAGE']
  return formatTable([[...header, ...more], ...rows], { columns: options.columns })
}

/** `main@sha1:3f1c9e0b` for a full commit name, alone or in a sentence. */
export function shortRevision(revision: string): string {
  return printable(revision.replace(/@(sha1|sha256):([0-9a-f]{8})[0-9a-f]+/g, '@$1:$2'))
}

import { keepsKernel, openKernelReader } from '../agent/this-kernel.ts'
import { convergeSettings, type Machine, openMachine } from '../agent/this-machine.ts'
import { fileId } from '../domain/artefact.ts'
import { exitCode } from '../domain/exit-code.ts'
import type { LostEdit } from '../domain/lost-edit.ts'
import { type DriftItem, observeDrift } from '../reconcile/preview-drift.ts'
import { ageOf } from './age.ts'
import { colours } from './colour.ts'
import type { Command, CommandCall } from './command.ts'
import { formatTextDiff } from './diff-text.ts'
import { printable } from './printable.ts'
import { formatStructured, isStructured } from './structured-output.ts'
import { formatTable } from './table.ts'
import { terminalLog } from './terminal-log.ts'

/** What differs now from the program in force, and the edits that repairs have overwritten. */
export const driftCommand: Command = async (call) => {
  const { settings, options, terminal } = call
  const machine = openMachine(settings, terminal, terminalLog(terminal, { progress: false }))
  const lostEdits = await machine.state.readLostEdits()
  const { diff, output: format } = options
  if (typeof diff === 'string') return showLostEdit(diff, lostEdits, machine, call)

  const kernel = keepsKernel(settings, machine.root) ? openKernelReader(machine) : undefined
  const converge = convergeSettings(settings, { placeFlags: false })
  const drift = await observeDrift(converge, machine, kernel, terminal.interrupted)
  if (isStructured(format)) {
    const report = { apiVersion: 'fairlead.dev/v1alpha1', kind: 'DriftReport', drift: drift ?? [], lostEdits }
    terminal.out.write(formatStructured(report, format))
  } else {
    const nowMs = machine.clock.nowMs()
    const columns = terminal.isTerminal && format !== 'wide' ? terminal.columns : undefined
    if (drift === undefined) terminal.err.write('no program is in force on this machine yet\n')
    else terminal.out.write(formatDrift(drift, columns))
    if (lostEdits.length > 0) terminal.out.write(`\n${formatLostEdits(lostEdits, nowMs, columns)}`)
  }
  const hasDrift = (drift ?? []).length > 0
  return hasDrift && options['detailed-exitcode'] === true ? exitCode.changesPending : exitCode.done
}

export function formatDrift(drift: readonly DriftItem[], columns: number | undefined): string {
  if (drift.length === 0) return 'no drift\n'
  const rows = drift.map(({ path, handling, message }) => [path, handling, message])
  return formatTable([['DRIFT', 'HANDLING', 'MESSAGE'], ...rows], { columns })
}

export function formatLostEdits(edits: readonly LostEdit[], nowMs: number, columns: number | undefined): string {
  const rows = edits.map((edit) => [
    edit.path,
    edit.cause,
    ageOf(edit.repairedAt, nowMs),
    edit.writer,
    edit.cause === 'edited' ? edit.digest.slice(0, 12) : '-',
  ])
  const table = formatTable([['LOST EDIT', 'CAUSE', 'REPAIRED', 'WRITER', 'DIGEST'], ...rows], { columns })
  const canBeShown = edits.some((edit) => edit.cause === 'edited')
  return canBeShown ? `${table}show one with: fairlead drift --diff <digest>\n` : table
}

async function showLostEdit(prefix: string, edits: readonly LostEdit[], machine: Machine, { terminal }: CommandCall) {
  const found = edits.filter((edit) => edit.cause === 'edited' && prefix !== '' && edit.digest.startsWith(prefix))
  const [edit] = found
  const digests = new Set(found.map((one) => one.digest))
  const text = digests.size === 1 && edit !== undefined ? await machine.state.readLostEditText(edit.digest) : undefined
  if (edit === undefined || text === undefined) {
    const what = digests.size > 1 ? `${digests.size} lost edits begin with` : 'no lost edit begins with'
    terminal.err.write(`fairlead: ${what} ${printable(JSON.stringify(prefix))}\n  fix  fairlead drift lists them\n`)
    return exitCode.failed
  }
  const now = await machine.files.observeFile(edit.path)
  const holdsSecret = (await machine.state.readInventory()).entries.get(fileId(edit.path))?.holdsSecret === true
  const diff = { path: edit.path, before: now?.text ?? '', after: text, holdsSecret }
  terminal.out.write(formatTextDiff(diff, colours(terminal.colour)))
  return exitCode.done
}

import { openMachine } from '../agent/this-machine.ts'
import { exitCode } from '../domain/exit-code.ts'
import type { StatusSnapshot, Suspension } from '../domain/status.ts'
import { type Colours, colours } from './colour.ts'
import type { Command } from './command.ts'
import { shortRevision } from './history.ts'
import { printable } from './printable.ts'
import { formatStructured, isStructured } from './structured-output.ts'
import { bySuspension } from './suspend.ts'
import { formatTable } from './table.ts'
import { terminalLog } from './terminal-log.ts'

/** What Fairlead last told about this machine. */
export const statusCommand: Command = async ({ settings, options, terminal }) => {
  const machine = openMachine(settings, terminal, terminalLog(terminal, { progress: false }))
  const status = await machine.state.readStatus()
  const suspension = await machine.state.readSuspension()
  const nowMs = machine.clock.nowMs()
  if (status === undefined) {
    terminal.err.write(`fairlead: no status yet below ${printable(machine.stateDirectory)}\n`)
    if (suspension !== undefined) terminal.err.write(`  suspended ${bySuspension(suspension, nowMs)}\n`)
    terminal.err.write('  fix  start fairlead run or fairlead agent, or name another machine root with --root\n')
    return exitCode.failed
  }
  const format = options['output']
  if (isStructured(format)) {
    terminal.out.write(formatStructured(status, format))
    return exitCode.done
  }
  const isWide = format === 'wide'
  const columns = terminal.isTerminal && !isWide ? terminal.columns : undefined
  const paint = colours(terminal.colour)
  const isRunning = (await machine.state.lockHolder()) !== undefined
  terminal.out.write(formatHolding({ isRunning, suspension, nowMs }, paint))
  terminal.out.write(formatStatus(status, { colours: paint, wide: isWide, columns }))
  return exitCode.done
}

/** Why a status may not move, which it does not hold itself: nobody runs, or somebody suspended the machine. */
export function formatHolding(
  found: { readonly isRunning: boolean; readonly suspension: Suspension | undefined; readonly nowMs: number },
  { yellow }: Colours,
): string {
  const lines = [
    ...(found.isRunning ? [] : ['no Fairlead runs here; this is what the last one told']),
    ...(found.suspension === undefined ? [] : [`suspended ${bySuspension(found.suspension, found.nowMs)}`]),
  ]
  return lines.length === 0 ? '' : `${lines.map((line) => `${yellow(line)}\n`).join('')}\n`
}

const badWhenTrue: ReadonlySet<string> = new Set(['Reconciling', 'Stalled', 'Contested', 'ManifestsHidden'])

interface StatusStyle {
  readonly colours: Colours
  /** With components that are on, files that are current, and full revisions. */
  readonly wide: boolean
  readonly columns: number | undefined
}

/** A page of text: the summary, and a table for everything that has rows. */
export function formatStatus(status: StatusSnapshot, style: StatusStyle): string {
  return [
    summary(status, style),
    conditions(status, style),
    components(status, style),
    files(status, style),
    manifests(status, style),
    kernel(status, style),
    drops(status, style),
    status.problems.length === 0 ? '' : `PROBLEMS\n${status.problems.map((line) => `${printable(line)}\n`).join('')}`,
  ]
    .filter((block) => block !== '')
    .join('\n')
}

function summary(status: StatusSnapshot, { wide, columns }: StatusStyle): string {
  const name = wide ? printable : shortRevision
  const attempted = status.attemptedRevision === status.revision ? [] : [['attempted', name(status.attemptedRevision)]]
  const rows = [
    ['cluster', status.cluster],
    ['node', status.node],
    ['engine', status.engine],
    ['source', status.source],
    ['revision', status.revision === '' ? 'none yet' : name(status.revision)],
    ...attempted,
    ['verdict', status.suspended ? `${status.verdict}, suspended` : status.verdict],
  ]
  return formatTable(rows, { columns })
}

function conditions(status: StatusSnapshot, { colours: paint, wide, columns }: StatusStyle): string {
  const text = wide ? printable : shortRevision
  const rows = status.conditions.map(({ type, status: is, reason, message }) => [type, is, reason, text(message)])
  const good = (type: string | undefined): string => (badWhenTrue.has(type ?? '') ? 'False' : 'True')
  return formatTable([['CONDITION', 'STATUS', 'REASON', 'MESSAGE'], ...rows], {
    columns,
    wraps: true,
    paint: (cell, row, column) => {
      if (row === 0 || column !== 1) return cell
      const [type, is] = rows[row - 1] ?? []
      if (is === 'Unknown') return paint.yellow(cell)
      return is === good(type) ? paint.green(cell) : paint.red(cell)
    },
  })
}

function components(status: StatusSnapshot, { wide, columns }: StatusStyle): string {
  const shown = wide ? status.components : status.components.filter((component) => !component.enabled)
  if (shown.length === 0) return ''
  const rows = shown.map(({ name, enabled }) => [name, enabled ? 'enabled' : 'disabled'])
  return formatTable([['COMPONENT', 'STATE'], ...rows], { columns })
}

function files(status: StatusSnapshot, { wide, columns }: StatusStyle): string {
  const shown = wide ? status.files : status.files.filter((file) => file.state !== 'Current')
  const current = status.files.length - shown.length
  const rest =
    current === 0
      ? ''
      : `${current}${shown.length === 0 ? '' : ' more'} ${current === 1 ? 'file is' : 'files are'} current\n`
  if (shown.length === 0) return rest
  const rows = shown.map((file) => [file.path, file.class, file.state, file.message])
  return `${formatTable([['FILE', 'CLASS', 'STATE', 'MESSAGE'], ...rows], { columns })}${rest}`
}

/** Manifests that are not applied, and what may come of others. */
function manifests({ deploy }: StatusSnapshot, { wide, columns }: StatusStyle): string {
  if (deploy === undefined) return ''
  const shown = wide ? deploy.manifests : deploy.manifests.filter(({ state }) => state !== 'Applied')
  const applied = deploy.manifests.length - shown.length
  const rest =
    applied === 0
      ? ''
      : `${applied}${shown.length === 0 ? '' : ' more'} ${applied === 1 ? 'manifest is' : 'manifests are'} applied\n`
  const rows = shown.map(({ path, addon, state, message }) => [path, addon, state, message])
  const table =
    rows.length === 0 ? '' : formatTable([['MANIFEST', 'ADDON', 'STATE', 'MESSAGE'], ...rows], { columns, wraps: true })
  const warnings = deploy.warnings.map(({ code, path, message }) => [code, path, message])
  const warned =
    warnings.length === 0
      ? ''
      : `\n${formatTable([['WARNING', 'PATH', 'MESSAGE'], ...warnings], { columns, wraps: true })}`
  return `${table}${rest}${warned}`
}

/** What is not as wanted in the kernel, and what stays there though nobody wants it. */
function kernel({ network }: StatusSnapshot, { columns }: StatusStyle): string {
  const items = network?.items ?? []
  if (items.length === 0) return ''
  const rows = items.map(({ what, state, message }) => [what, state, message])
  return formatTable([['KERNEL', 'STATE', 'MESSAGE'], ...rows], { columns, wraps: true })
}

function drops(status: StatusSnapshot, { columns }: StatusStyle): string {
  if (status.drops.length === 0) return ''
  const rows = status.drops.flatMap(({ path, handling, holdsSecret, findings }) => {
    const found = findings.map((finding) => `${finding.line}:${finding.column} ${finding.code}: ${finding.what}`)
    const told = holdsSecret ? [...found, 'holds a Secret'] : found
    const [first = ''] = told
    return [[path, handling, first], ...told.slice(1).map((one) => ['', '', one])]
  })
  return formatTable([['DROP', 'HANDLING', 'FINDING'], ...rows], { columns })
}

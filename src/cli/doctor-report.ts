import type { HostReading } from '../domain/host.ts'
import type { Problem } from '../domain/problem.ts'
import { isSwitchedOn } from '../k3s/config/effective-settings.ts'
import { type LintedMachine, leftUnsaid } from '../reconcile/lint-machine.ts'
import { commandFor } from './doctor-commands.ts'
import type { EffectiveFlag } from './doctor-flags.ts'
import { formatProblems } from './print-problems.ts'
import { printable } from './printable.ts'

/** What doctor found, before it is told to people or programs. */
export interface DoctorReport {
  /** Absolute. */
  readonly root: string
  readonly reading: HostReading
  readonly linted: LintedMachine
  readonly flags: readonly EffectiveFlag[]
  /** Why the cluster was not asked, or not about everything. */
  readonly notes: readonly string[]
  /** The worst first. */
  readonly problems: readonly Problem[]
  /** Everything that decides about the flags was read, and so was the cluster that was named. */
  readonly isWhole: boolean
}

/** `pi-1: server, K3s v1.33.4+k3s1, runs as process 812 since 2026-03-01T12:00:00Z`. */
export function headline({ root, reading, linted: { view } }: DoctorReport): string {
  const { name, role, settings, version } = view.node
  const { process: running, installedBinary } = reading
  if (!view.hasK3s) return printable(`${name}: no K3s found ${root === '/' ? 'on this machine' : `below ${root}`}`)
  const hasBinary = installedBinary !== undefined || reading.installedVersion !== undefined || running !== undefined
  const installed = version?.text ?? 'of an unknown release'
  const since = running?.startedAtMs === undefined ? '' : ` since ${new Date(running.startedAtMs).toISOString()}`
  const stopped = root === '/' ? 'does not run' : `below ${root}`
  const state = running === undefined ? stopped : `runs as process ${running.pid}${since}`
  const agentless = isSwitchedOn(settings, 'disable-agent') ? ' without an agent' : ''
  return printable(`${name}: ${role}${agentless}, K3s ${installed}${hasBinary ? '' : ' (no binary found)'}, ${state}`)
}

/** Problems with the command that mends each, where there is one. */
export function formatMended(problems: readonly Problem[], report: DoctorReport, colour: boolean): string {
  return problems
    .map((problem) => {
      const command = commandOf(problem, report)
      const isTold = command === undefined || problem.fix.includes(command)
      return `${formatProblems([problem], colour)}${isTold ? '' : `  run  ${printable(command)}\n`}`
    })
    .join('\n')
}

/** What the findings are silent about, and why. */
export function notRead({ reading: { unreadable }, linted, notes }: DoctorReport): string {
  const lines = [...unreadable.map(({ path, reason }) => `not read: ${path} (${reason})`), ...notes]
  const denied = unreadable.some(({ reason }) => reason === 'permission denied')
  return [
    ...lines,
    ...(linted.view.hasK3s ? leftUnsaid(linted) : []),
    ...(denied ? ['run as root to see everything'] : []),
  ]
    .map((line) => `${printable(line)}\n`)
    .join('')
}

export function reportForPrograms(report: DoctorReport): object {
  const { view, skipped, withoutRelease } = report.linted
  const { name, role, version } = view.node
  const { unreadable, process: running, installedVersion, kernelRelease } = report.reading
  const process = running === undefined ? undefined : { pid: running.pid, startedAtMs: running.startedAtMs }
  return {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'DoctorReport',
    machine: { name, role, hasK3s: view.hasK3s, installedVersion, k3sVersion: version?.text, process, kernelRelease },
    flags: report.flags,
    notRead: unreadable,
    rulesLeftOut: skipped + withoutRelease,
    notes: report.notes,
    problems: report.problems.map((problem) => {
      const command = commandOf(problem, report)
      return { ...problem, ...(command === undefined ? {} : { command }) }
    }),
  }
}

function commandOf(problem: Problem, { root, linted: { view } }: DoctorReport): string | undefined {
  return commandFor(problem, { root, node: view.node })
}

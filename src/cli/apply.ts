import { keepsKernel, openKernel } from '../agent/this-kernel.ts'
import { convergeSettings, type Machine, openMachine } from '../agent/this-machine.ts'
import type { FileChange } from '../domain/change.ts'
import { parseDurationMs } from '../domain/duration.ts'
import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import { Failure } from '../domain/failure.ts'
import { convergeOnce } from '../reconcile/converge-once.ts'
import { pathOfChange } from '../reconcile/preview-plan.ts'
import type { Command, CommandCall } from './command.ts'
import { previewThisMachine } from './machine-preview.ts'
import { panicScript } from './package-files.ts'
import { count, reportRefused } from './print-problems.ts'
import { printable } from './printable.ts'
import { refuseSuspended } from './refuse-suspended.ts'
import { terminalLog } from './terminal-log.ts'
import { uncounted } from './uncounted.ts'
import { verdictExitCode } from './verdict-exit-code.ts'

const defaultTimeout = '60s'

/** One compiled revision onto this machine, until it is settled or somebody has to step in. */
export const applyCommand: Command = async (call) => {
  const { options, settings, terminal } = call
  if (options['once'] !== true) {
    terminal.err.write('fairlead: apply works once, with --once; fairlead run keeps a machine as it should be\n')
    return exitCode.badUsage
  }
  const timeout = String(options['timeout'] ?? defaultTimeout)
  const timeoutMs = parseDurationMs(timeout)
  if (timeoutMs === undefined) {
    terminal.err.write(`fairlead: --timeout: ${JSON.stringify(timeout)} is no duration; write 30s, 5m or 1h\n`)
    return exitCode.badUsage
  }
  const machine = openMachine(settings, terminal, terminalLog(terminal, { progress: terminal.isTerminal }))
  const suspended = await refuseSuspended(machine.state, terminal)
  if (suspended !== undefined) return suspended
  const release = await takeLock(machine, options['place-flags'] === true)
  try {
    return await applyUnderLock(call, machine, timeoutMs)
  } finally {
    await release()
  }
}

/** A staged flag waits beside a `fairlead run` that works nearly always, and only one of the two may write. */
async function takeLock({ state }: Machine, placeFlags: boolean): Promise<() => Promise<void>> {
  try {
    return await state.acquireLock()
  } catch (cause) {
    if (!placeFlags || !(cause instanceof Failure) || cause.detail.code !== 'ALREADY_RUNNING') throw cause
    const fix = 'stop it (systemctl stop fairlead where it is a service), place the flags, and start it again'
    throw new Failure(cause.message, { ...cause.detail, fix }, { cause })
  }
}

async function applyUnderLock(call: CommandCall, machine: Machine, timeoutMs: number): Promise<ExitCode> {
  const { options, settings: given, terminal } = call
  const settings = convergeSettings(given, { placeFlags: options['place-flags'] === true })
  await machine.files.removeLeftovers()
  const compiled = await previewThisMachine(call, machine, settings)
  if (compiled.kind === 'refused') {
    reportRefused(compiled.problems, terminal)
    return exitCode.denied
  }
  const { preview, revision, sourceDescription } = compiled
  const { candidate, problems } = preview
  const input = { candidate, revision, problems, sourceDescription, settings, timeoutMs }
  const kernel = keepsKernel(given, machine.root)
    ? openKernel(machine, uncounted, { emergency: panicScript(), confirmTimeoutMs: given.confirmTimeout }).ports
    : undefined
  const ports = { ...machine, metrics: uncounted }
  const { verdict, applied, kernel: changes } = await convergeOnce(input, ports, kernel, terminal.interrupted)
  for (const change of applied) terminal.out.write(`${doneTo(change).padEnd(8)}  ${printable(pathOfChange(change))}\n`)
  for (const { effect, what } of changes) terminal.out.write(`${kernelWords[effect].padEnd(8)}  ${printable(what)}\n`)
  terminal.out.write(
    `${count(applied.length + changes.length, 'change')} applied · ${verdict.kind}: ${printable(verdict.message)}\n`,
  )
  return verdictExitCode(verdict.kind)
}

const kernelWords = { create: 'created', change: 'changed', remove: 'removed' } as const

function doneTo(change: FileChange): string {
  if (change.kind === 'restore') return change.cause === 'Drift' ? 'restored' : 'staged'
  const words = { create: 'created', update: 'updated', takeover: 'skipped', empty: 'emptied', delete: 'removed' }
  return words[change.kind]
}

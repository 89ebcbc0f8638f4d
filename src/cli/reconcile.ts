import { type Machine, openMachine } from '../agent/this-machine.ts'
import { parseDurationMs } from '../domain/duration.ts'
import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import type { StatusSnapshot } from '../domain/status.ts'
import type { Command, CommandCall } from './command.ts'
import { printable } from './printable.ts'
import { refuseSuspended } from './refuse-suspended.ts'
import { terminalLog } from './terminal-log.ts'
import { verdictExitCode } from './verdict-exit-code.ts'

const defaultTimeout = '60s'
const pollMs = 50

/** Asks the Fairlead that runs here for a pass now, and waits until it says that it was made. */
export const reconcileCommand: Command = async (call) => {
  const { settings, options, terminal } = call
  const timeout = String(options['timeout'] ?? defaultTimeout)
  const timeoutMs = parseDurationMs(timeout)
  if (timeoutMs === undefined) {
    terminal.err.write(`fairlead: --timeout: ${JSON.stringify(timeout)} is no duration; write 30s, 5m or 1h\n`)
    return exitCode.badUsage
  }
  const machine = openMachine(settings, terminal, terminalLog(terminal, { progress: false }))
  if ((await machine.state.lockHolder()) === undefined) {
    const fix = 'start it with fairlead run, or use fairlead apply --once'
    terminal.err.write(`fairlead: no Fairlead runs for ${printable(machine.root)}\n  fix  ${fix}\n`)
    return exitCode.failed
  }
  const suspended = await refuseSuspended(machine.state, terminal)
  if (suspended !== undefined) return suspended
  const token = new Date(machine.clock.nowMs()).toISOString()
  await machine.state.writeReconcileRequest({ token })
  if (options['wait'] === false) {
    terminal.out.write('asked for a pass\n')
    return exitCode.done
  }
  const status = await waitForToken(token, machine, timeoutMs, terminal.interrupted)
  if (status === undefined) {
    terminal.err.write(`fairlead: no pass within ${timeout}\n`)
    return exitCode.failed
  }
  // Suspended while we waited: the request was seen, and no pass was made.
  return (await refuseSuspended(machine.state, terminal)) ?? tell(status, call)
}

async function waitForToken(
  token: string,
  { state, clock }: Machine,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<StatusSnapshot | undefined> {
  const deadlineMs = clock.nowMs() + timeoutMs
  while (!signal.aborted && clock.nowMs() < deadlineMs) {
    const status = await state.readStatus()
    if (status?.lastHandledReconcileAt === token) return status
    await clock.sleep(pollMs, signal)
  }
  return undefined
}

function tell(status: StatusSnapshot, { terminal }: CommandCall): ExitCode {
  const ready = status.conditions.find((condition) => condition.type === 'Ready')
  const message = printable(ready?.message ?? '')
  if (ready?.reason === 'DesiredStateInvalid') {
    terminal.out.write(`refused: ${message}\n`)
    return exitCode.denied
  }
  const source = status.conditions.find((condition) => condition.type === 'SourceReady')
  if (source?.status === 'False') {
    terminal.out.write(`the repository could not be read: ${printable(source.message)}\n`)
    return exitCode.failed
  }
  terminal.out.write(`${status.verdict} at ${printable(status.revision)}: ${message}\n`)
  return verdictExitCode(status.verdict)
}

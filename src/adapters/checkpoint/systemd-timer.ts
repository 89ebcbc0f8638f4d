import { existsSync } from 'node:fs'
import type { CommandPort } from '../../ports/command-port.ts'
import { checkpointFailure } from './checkpoint-failure.ts'

export interface TimerRequest {
  readonly id: string
  readonly seconds: number
  readonly argv: readonly [string, ...string[]]
  /** There only where systemd is the first process. */
  readonly systemdDirectory: string
}

/**
 * A transient timer that is no child of this service: it outlives a restart of the unit that kills all of its processes,
 * and is gone with a reboot. One minute would be systemd's own accuracy, which is longer than most windows.
 *
 * @returns the unit's name; undefined where systemd does not run
 * @throws Failure CHECKPOINT_UNARMED when systemd runs here and refuses, or does not show the timer as active
 * @see systemd-run(1), systemd.timer(5) AccuracySec=
 */
export async function armSystemdTimer(commands: CommandPort, request: TimerRequest): Promise<string | undefined> {
  if (!existsSync(request.systemdDirectory)) return undefined
  const [systemdRun, systemctl] = await Promise.all([commands.find('systemd-run'), commands.find('systemctl')])
  if (systemdRun === undefined || systemctl === undefined) return undefined
  const unit = `fairlead-rollback-${request.id}`
  const started = await commands.run([
    systemdRun,
    '--quiet',
    '--collect',
    `--unit=${unit}`,
    `--on-active=${request.seconds}s`,
    '--timer-property=AccuracySec=100ms',
    ...request.argv,
  ])
  if (started.code !== 0) throw unarmed(unit, started.failed ?? started.stderr.trim())
  const active = await commands.run([systemctl, 'is-active', `${unit}.timer`])
  if (active.code !== 0) throw unarmed(unit, `the timer is ${active.stdout.trim() || 'not active'}`)
  return unit
}

/** Stops the timer; one that is gone is no matter. */
export async function stopSystemdTimer(commands: CommandPort, unit: string): Promise<void> {
  const systemctl = await commands.find('systemctl')
  if (systemctl !== undefined) await commands.run([systemctl, 'stop', `${unit}.timer`])
}

function unarmed(unit: string, why: string): Error {
  return checkpointFailure('CHECKPOINT_UNARMED', `systemd did not take the timer ${unit}: ${why}`, unit)
}

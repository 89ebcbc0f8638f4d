import type { CommandPort } from '../../ports/command-port.ts'
import type { BootClock } from './boot-clock.ts'
import type { Armed } from './checkpoint-folder.ts'
import type { ShellPrograms } from './print-rollback.ts'
import { armSystemdTimer, stopSystemdTimer } from './systemd-timer.ts'
import { endWatchdogs, startWatchdog, type Watchdog } from './watchdog.ts'

interface Place {
  /** Of all checkpoints. */
  readonly directory: string
  readonly commands: CommandPort
  readonly boot: BootClock
  readonly systemdDirectory: string
}

/** What takes a change back without us: a child in its own session, and systemd where it runs. */
export class CheckpointWatches {
  readonly #place: Place
  /** Those that this process started; their pipe closes with it. */
  readonly #started = new Map<string, Watchdog>()

  constructor(place: Place) {
    this.#place = place
  }

  /**
   * The deadline is counted from before the start, so that what `times` tells is never later than what the timers do.
   * @throws Failure CHECKPOINT_UNARMED; `end` then ends those that did start
   */
  async start(id: string, seconds: number, programs: Pick<ShellPrograms, 'sh'>): Promise<Armed> {
    const { directory, commands, boot, systemdDirectory } = this.#place
    const folder = `${directory}/${id}`
    const armedAtMs = boot.uptimeMs()
    const watchdog = await startWatchdog(folder, programs.sh)
    this.#started.set(id, watchdog)
    const argv = [programs.sh, `${folder}/rollback.sh`, 'deadline'] as const
    const unit = await armSystemdTimer(commands, { id, seconds, argv: [...argv], systemdDirectory })
    return {
      armedAtMs,
      deadlineMs: armedAtMs + seconds * 1000,
      watchdogs: watchdog.processes,
      ...(unit === undefined ? {} : { unit }),
    }
  }

  /** Once it is decided. @param armed what stands on the disk, for watches that another process started */
  async end(id: string, armed: Armed | undefined): Promise<void> {
    const started = this.#started.get(id)
    this.#started.delete(id)
    endWatchdogs(armed?.watchdogs ?? started?.processes ?? [])
    started?.release()
    if (armed?.unit !== undefined) await stopSystemdTimer(this.#place.commands, armed.unit)
  }
}

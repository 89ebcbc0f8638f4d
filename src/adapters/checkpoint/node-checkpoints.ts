import { rmSync } from 'node:fs'
import { rollbackReasons } from '../../domain/rollback-reason.ts'
import type { Checkpoint, CheckpointPort } from '../../ports/checkpoint-port.ts'
import type { CommandPort } from '../../ports/command-port.ts'
import { type BootClock, lives, machineBootClock } from './boot-clock.ts'
import { checkpointFailure, refusedByDisk } from './checkpoint-failure.ts'
import {
  checkpointNumbers,
  decisionWords,
  folderOf,
  hasEnded,
  readCheckpoint,
  type StoredCheckpoint,
} from './checkpoint-folder.ts'
import { CheckpointWatches } from './checkpoint-watches.ts'
import { linkOnce, readIfThere, replaceDurably, writeNew } from './durable-file.ts'
import { openCheckpointFolder, prepareCheckpoint, removeOldCheckpoints } from './prepare-checkpoint.ts'
import { oneLine } from './print-rollback.ts'
import { requireSelf } from './require-self.ts'
import { findShellPrograms } from './shell-programs.ts'

export interface CheckpointOptions {
  /** Absolute: `/var/lib/fairlead/checkpoint`. Made with the first checkpoint. */
  readonly directory: string
  readonly commands: CommandPort
  /** `bin/fairlead-panic`, for when the way back itself fails five times. */
  readonly emergency?: string
  /** Variables for the steps, beside PATH and LC_ALL: `XTABLES_LOCKFILE`. */
  readonly environment?: Readonly<Record<string, string>>
  readonly boot?: BootClock
  /** Exists where systemd is the first process. */
  readonly systemdDirectory?: string
}

const kept = 5
const wayBackTimeoutMs = 120_000

/** Checkpoints of this node, in folders `<directory>/<number>/`; see `rollback-script.ts` for what keeps them apart. */
export function openCheckpoints(options: CheckpointOptions): CheckpointPort {
  return new NodeCheckpoints(options)
}

class NodeCheckpoints implements CheckpointPort {
  readonly #directory: string
  readonly #commands: CommandPort
  readonly #options: CheckpointOptions
  readonly #boot: BootClock
  readonly #watches: CheckpointWatches

  constructor(options: CheckpointOptions) {
    this.#directory = options.directory
    this.#commands = options.commands
    this.#options = options
    this.#boot = options.boot ?? machineBootClock
    this.#watches = new CheckpointWatches({
      directory: options.directory,
      commands: options.commands,
      boot: this.#boot,
      systemdDirectory: options.systemdDirectory ?? '/run/systemd/system',
    })
  }

  async current(): Promise<Checkpoint | undefined> {
    return this.#newest()?.checkpoint
  }

  async recent(): Promise<readonly Checkpoint[]> {
    return this.#numbers()
      .slice(-kept)
      .reverse()
      .map((number) => readCheckpoint(this.#directory, number)?.checkpoint)
      .filter((checkpoint) => checkpoint !== undefined)
  }

  async recover(): Promise<Checkpoint | undefined> {
    const found = this.#newest()
    if (found === undefined || hasEnded(found.checkpoint)) return undefined
    const { id } = found.checkpoint
    if (found.plan.bootId !== this.#boot.bootId()) {
      await this.#decide(id, rollbackReasons.boot)
      await linkOnce(this.#path(id, 'decisions/done'), this.#path(id, 'outcome'))
    } else if (lives(found.plan.owner)) {
      return undefined
    } else {
      await this.rollBack(id, rollbackReasons.agentDied)
    }
    return this.#stored(id).checkpoint
  }

  async arm(plan: Parameters<CheckpointPort['arm']>[0]): Promise<Checkpoint> {
    const { inverse, ...told } = plan
    const seconds = Math.ceil(plan.confirmTimeoutMs / 1000)
    const number = this.#nextNumber()
    const id = folderOf(number)
    const programs = await findShellPrograms(this.#commands)
    try {
      openCheckpointFolder(this.#directory)
      await prepareCheckpoint(
        {
          directory: this.#directory,
          number,
          plan: {
            checkpoint: { ...told, id, startedAt: new Date().toISOString() },
            owner: requireSelf(),
            bootId: this.#boot.bootId(),
          },
          steps: inverse,
          seconds,
          programs,
          environment: this.#options.environment ?? {},
          emergency: this.#options.emergency,
          mark: this.#commands.mark,
        },
        this.#commands,
      )
    } catch (cause) {
      throw refusedByDisk(cause, 'write the checkpoint', this.#path(id))
    }
    try {
      const armed = await this.#watches.start(id, seconds, programs)
      await this.#write(id, 'armed.json', `${JSON.stringify(armed)}\n`)
      await this.#write(id, 'phase', 'armed\n')
    } catch (cause) {
      await this.#abandon(id)
      throw refusedByDisk(cause, 'arm the checkpoint', this.#path(id))
    }
    removeOldCheckpoints(this.#directory, this.#numbers().slice(0, -(kept + 1)))
    return this.#stored(id).checkpoint
  }

  async advance(id: string, phase: 'applying' | 'probing'): Promise<void> {
    const { checkpoint, armed } = this.#stored(id)
    const before = phase === 'applying' ? 'armed' : 'applying'
    const isLate = armed === undefined || armed.deadlineMs <= this.#boot.uptimeMs()
    if (checkpoint.phase !== before || isLate) {
      const why = checkpoint.reason ?? (isLate ? 'its time is over' : `it is ${checkpoint.phase}`)
      throw checkpointFailure('CHECKPOINT_ENDED', `change ${id} cannot go on: ${why}`, this.#path(id))
    }
    await this.#write(id, 'phase', `${phase}\n`)
  }

  async times(id: string): Promise<{ readonly sinceMs: number; readonly leftMs: number } | undefined> {
    const { plan, armed } = this.#stored(id)
    if (armed === undefined || plan.bootId !== this.#boot.bootId()) return undefined
    const now = this.#boot.uptimeMs()
    return { sinceMs: now - armed.armedAtMs, leftMs: Math.max(0, armed.deadlineMs - now) }
  }

  async confirm(id: string): Promise<boolean> {
    const { checkpoint, armed, plan } = this.#stored(id)
    if (checkpoint.phase === 'confirmed') return true
    if (checkpoint.phase === 'rolling-back' || checkpoint.phase === 'rolled-back') return false
    if (checkpoint.phase !== 'probing' || plan.bootId !== this.#boot.bootId()) {
      const message = `change ${id} is ${checkpoint.phase}: only one that is in force can be confirmed`
      throw checkpointFailure('CHECKPOINT_FAILED', message, this.#path(id), { fix: 'wait until it is probed' })
    }
    if ((armed?.deadlineMs ?? 0) <= this.#boot.uptimeMs()) return false
    try {
      await linkOnce(this.#path(id, 'decisions/confirmed'), this.#path(id, 'decision'))
    } catch (cause) {
      throw refusedByDisk(cause, 'confirm', this.#path(id))
    }
    const decided = await readIfThere(this.#path(id, 'decision'))
    if (decided?.trim() !== decisionWords.confirmed) return false
    await this.#watches.end(id, armed)
    return true
  }

  async rollBack(id: string, reason: string): Promise<boolean> {
    const stored = this.#stored(id)
    if (stored.checkpoint.phase === 'confirmed') return false
    if (this.#numbers().at(-1) !== Number(id)) {
      // What came after it would be undone in part.
      throw checkpointFailure('CHECKPOINT_UNKNOWN', `change ${id} is not the last one`, this.#path(id))
    }
    await this.#decide(id, reason)
    const { sh } = await findShellPrograms(this.#commands)
    const ran = await this.#commands.run([sh, this.#path(id, 'rollback.sh'), 'again'], { timeoutMs: wayBackTimeoutMs })
    await this.#watches.end(id, stored.armed)
    if (ran.code === 3) return false
    if (ran.code === 0) return true
    const how = ran.failed ?? `exit status ${ran.code ?? ran.signal}`
    throw checkpointFailure('CHECKPOINT_FAILED', `change ${id} could not be taken back: ${how}`, this.#path(id), {
      fix: `read ${this.#path(id, 'rollback.log')}; fairlead panic takes everything out of the packet path`,
    })
  }

  /** Nothing was applied: the checkpoint ends without a step being run. */
  async #abandon(id: string): Promise<void> {
    try {
      await this.#decide(id, rollbackReasons.unarmed)
      await linkOnce(this.#path(id, 'decisions/done'), this.#path(id, 'outcome'))
    } catch {
      // A disk that refuses even that: the watchdog runs the steps, which change nothing, and the next start ends it.
    }
    await this.#watches.end(id, undefined)
  }

  /** Says that the change is taken back, unless somebody decided before. A disk that refuses is no reason not to. */
  async #decide(id: string, reason: string): Promise<void> {
    const words = this.#path(id, `decisions/asked-${process.pid}`)
    try {
      rmSync(words, { force: true })
      await writeNew(words, `${decisionWords.rolledBack} ${oneLine(reason)}\n`)
      await linkOnce(words, this.#path(id, 'decision'))
    } catch {
      // rollback.sh decides with the words that are there already.
    }
  }

  async #write(id: string, name: string, text: string): Promise<void> {
    try {
      await replaceDurably(this.#path(id, name), text)
    } catch (cause) {
      throw refusedByDisk(cause, 'write', this.#path(id, name))
    }
  }

  /** Looked at without waiting for anything: of two calls at once, the second finds what the first renamed into place. */
  #nextNumber(): number {
    const found = this.#newest()
    if (found !== undefined && !hasEnded(found.checkpoint)) {
      const { id, phase, startedAt } = found.checkpoint
      const message = `change ${id}, begun at ${startedAt}, is still ${phase}`
      throw checkpointFailure('CHECKPOINT_BUSY', message, this.#path(id))
    }
    return (this.#numbers().at(-1) ?? 0) + 1
  }

  #newest(): StoredCheckpoint | undefined {
    const number = this.#numbers().at(-1)
    return number === undefined ? undefined : readCheckpoint(this.#directory, number)
  }

  #stored(id: string): StoredCheckpoint {
    const found = /^[0-9]{6,12}$/.test(id) ? readCheckpoint(this.#directory, Number(id)) : undefined
    if (found !== undefined) return found
    throw checkpointFailure('CHECKPOINT_UNKNOWN', `there is no change ${JSON.stringify(id)}`, this.#directory)
  }

  #numbers(): number[] {
    return checkpointNumbers(this.#directory)
  }

  #path(id: string, name?: string): string {
    return name === undefined ? `${this.#directory}/${id}` : `${this.#directory}/${id}/${name}`
  }
}

import type { ArtefactId } from '../../domain/artefact.ts'
import { unreachable } from '../../domain/unreachable.ts'
import type { ClusterStep, HoldStep } from '../../plan/cluster/cluster-step.ts'
import { stepText, targetText } from '../../plan/cluster/step-text.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeEvent, KubeEventsPort } from '../../ports/kube-objects-port.ts'
import type { LogPort } from '../../ports/log-port.ts'
import { type ClusterMemory, namesOf } from './cluster-memory.ts'
import type { SkippedStep } from './skipped-step.ts'
import type { StepOutcome } from './take-step.ts'

interface NotesPorts {
  readonly events: Pick<KubeEventsPort, 'record'>
  readonly log: LogPort
  readonly clock: Pick<ClockPort, 'monotonicMs'>
  readonly memory: ClusterMemory
}

/** What moved while it was looked at is looked at again this much later, unless the watches are faster. */
const staleWaitMs = 500
/** What was refused for good is asked again this seldom, unless something else is to be asked. */
const refusedWaitMs = 30_000
/** What a server that is busy, or starts, refused. */
const soonWaitMs = 5_000

/** What one pass did and what it could not do. Events and log lines are told as it goes. */
export class PassNotes {
  readonly #ports: NotesPorts
  readonly #skipped = new Map<ArtefactId, SkippedStep>()
  readonly #done: ClusterStep[] = []

  constructor(ports: NotesPorts) {
    this.#ports = ports
  }

  get skipped(): readonly SkippedStep[] {
    return [...this.#skipped.values()]
  }

  get done(): readonly ClusterStep[] {
    return this.#done
  }

  /** A repair of what somebody keeps undoing comes later each time. */
  mayTake(step: ClusterStep): boolean {
    if (this.#skipped.has(step.id)) return false
    const { memory, clock } = this.#ports
    const nowMs = clock.monotonicMs()
    const refused = memory.refusalOf(step, nowMs)
    if (refused !== undefined) {
      this.#skipped.set(step.id, refused)
      return false
    }
    if (step.kind !== 'hold' || step.cause !== 'Drift') return true
    const waitMs = memory.repairWaitMs(step.id, nowMs)
    if (waitMs === 0) return true
    const who = memory.writerOf(step.id)
    const message = `${targetText(step.target)}: ${who} keeps changing its labels`
    this.#skipped.set(step.id, { id: step.id, reason: 'Contested', message, waitMs })
    if (memory.isNewlyContested(step.id, nowMs)) {
      this.#tell(step, 'Warning', 'LabelsContested', `${who} keeps changing labels that Fairlead puts back`)
    }
    return false
  }

  took(step: ClusterStep, outcome: StepOutcome, tookMs: number): void {
    const { id } = step
    switch (outcome.kind) {
      case 'done':
        this.#wasDone(step, outcome, tookMs)
        return
      case 'stale':
        this.#skipped.set(id, {
          id,
          reason: 'Moved',
          message: `${id} changed while it was looked at`,
          waitMs: staleWaitMs,
        })
        return
      case 'conflict':
        this.#refused(step, { id, reason: 'Conflict', message: outcome.message, waitMs: refusedWaitMs })
        if (step.kind === 'hold') this.#tell(step, 'Warning', 'LabelsContested', outcome.message)
        return
      case 'failed': {
        const { failure } = outcome
        const message = `${failure.detail.where}: ${failure.message}`
        const waitMs = failure.detail.retry === 'soon' ? soonWaitMs : refusedWaitMs
        this.#refused(step, { id, reason: 'Refused', message, failure, waitMs })
        this.#ports.log.warn({ object: id, code: failure.detail.code }, 'cluster step refused')
        return
      }
      default:
        unreachable(outcome)
    }
  }

  #refused(step: ClusterStep, skipped: SkippedStep): void {
    this.#skipped.set(step.id, skipped)
    this.#ports.memory.refused(step, skipped, this.#ports.clock.monotonicMs())
  }

  #wasDone(step: ClusterStep, { live, writers }: Extract<StepOutcome, { kind: 'done' }>, tookMs: number): void {
    const { memory, log, clock } = this.#ports
    if (live !== undefined) memory.wrote(live)
    if (step.kind === 'delete-daemon-set') memory.deleted(step.daemonSet.uid)
    // The watch was behind: it was so already.
    if (step.kind === 'hold' && live?.metadata.resourceVersion === step.target.resourceVersion) return
    const text = stepText(step)
    if (text === undefined) return
    this.#done.push(step)
    // A first pool is thousands of these: they are counted, not told one by one.
    if (step.kind === 'hold' && step.cause === 'Revision')
      log.debug({ object: step.id, change: text }, 'cluster step taken')
    else log.info({ object: step.id, change: text }, 'cluster step taken')
    if (step.kind !== 'hold') return
    if (step.cause === 'Drift') {
      memory.repaired(step.id, writers, tookMs, clock.monotonicMs())
      this.#tell(step, 'Normal', 'LabelsApplied', `labels that ${namesOf(writers)} changed were put back`)
    } else if (Object.keys(step.taken.labels).length > 0) {
      this.#tell(step, 'Normal', 'LabelsApplied', `labels of ${namesOf(writers)} were replaced: ${text}`)
    }
  }

  #tell({ target }: HoldStep, type: KubeEvent['type'], reason: string, message: string): void {
    const { kind, name, namespace, uid } = target
    const regarding = { apiVersion: 'v1', kind, name, uid, ...(namespace === undefined ? {} : { namespace }) }
    this.#ports.events.record({ regarding, type, reason, message })
  }
}

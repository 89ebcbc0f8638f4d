import { Failure } from '../domain/failure.ts'
import { historyLength, type PassRecord } from '../domain/history.ts'
import type { LostEdit } from '../domain/lost-edit.ts'
import type { StatusSnapshot } from '../domain/status.ts'
import type { ClockPort } from '../ports/clock-port.ts'
import type { LogPort } from '../ports/log-port.ts'
import type { MetricsPort } from '../ports/metrics-port.ts'
import type { NodeStatePort } from '../ports/node-state-port.ts'
import type { NodeOutcome } from './converge-node.ts'
import type { NetworkOutcome } from './network/network-outcome.ts'
import { passRecord } from './pass-record.ts'
import type { ProgramSource } from './program-source.ts'
import type { StatusInput } from './status-input.ts'
import { statusSnapshot } from './status-snapshot.ts'

export interface ReporterPorts {
  readonly state: NodeStatePort
  readonly clock: ClockPort
  readonly metrics: MetricsPort
  readonly log: LogPort
  /** Where the program comes from may want to know what became of it. */
  readonly source?: Pick<ProgramSource, 'told'>
}

export interface EndedPass {
  readonly status: StatusInput
  /** Of this pass; undefined when it did not come as far as the node. */
  readonly outcome: NodeOutcome | undefined
  /** Of a pass over the kernel. */
  readonly network?: NetworkOutcome | undefined
  readonly reason: string
  readonly startedAtMs: number
}

/** Tells how passes ended: status file, history, log and metrics, and whoever listens (the page). */
export class PassReporter {
  readonly #ports: ReporterPorts
  readonly #listeners = new Set<() => void>()
  #snapshot: StatusSnapshot | undefined
  #history: readonly PassRecord[] = []
  #lastPassAtMs: number | undefined

  constructor(ports: ReporterPorts) {
    this.#ports = ports
  }

  /** Goes on from what an earlier process told. */
  async load(): Promise<void> {
    this.#history = await this.#ports.state.readHistory()
    this.#snapshot = await this.#ports.state.readStatus()
  }

  async tell({ status, outcome, network, reason, startedAtMs }: EndedPass): Promise<void> {
    const { clock, state, metrics, log } = this.#ports
    const before = this.#snapshot
    const snapshot = statusSnapshot(status)
    for (const condition of snapshot.conditions) metrics.conditionIs(condition.type, condition.status)
    const { source } = status
    const record = passRecord({
      before,
      snapshot,
      outcome,
      network,
      source,
      reason,
      startedAtMs,
      endedAtMs: clock.nowMs(),
    })
    try {
      await state.writeStatus(snapshot)
      if (record !== undefined) await this.#remember(record)
    } catch (error) {
      // A full disk must not keep the page from telling that the disk is full.
      if (!(error instanceof Failure)) throw error
      log.warn({ code: error.detail.code, where: error.detail.where, fix: error.detail.fix }, error.message)
    }
    this.#snapshot = snapshot
    this.#lastPassAtMs = clock.nowMs()
    this.#ports.source?.told?.({ snapshot, enforced: status.outcome?.enforced })
    for (const listener of this.#listeners) listener()
  }

  current(): StatusSnapshot | undefined {
    return this.#snapshot
  }

  lastPassAtMs(): number | undefined {
    return this.#lastPassAtMs
  }

  async history(): Promise<readonly PassRecord[]> {
    return this.#history.toReversed()
  }

  async lostEdits(): Promise<readonly LostEdit[]> {
    return this.#ports.state.readLostEdits()
  }

  subscribe(onChange: () => void): () => void {
    this.#listeners.add(onChange)
    return () => this.#listeners.delete(onChange)
  }

  async #remember(record: PassRecord): Promise<void> {
    this.#history = [...this.#history, record].slice(-historyLength)
    await this.#ports.state.appendHistory(record)
    const { verdict, reason, revision, durationMs } = record
    this.#ports.log.info({ verdict, reason, changes: record.changes.length, revision, durationMs }, 'pass ended')
  }
}

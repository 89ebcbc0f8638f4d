import { asList, asRecord, type Json, textIn } from '../../domain/plain-json.ts'
import type { Problem } from '../../domain/problem.ts'
import type { NodeProgramStatus, TimedCondition } from '../../domain/published-program.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeObjectsPort } from '../../ports/kube-objects-port.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { NodeStatePort } from '../../ports/node-state-port.ts'
import type { ToldPass } from '../program-source.ts'
import type { PermitDesk } from './permit-desk.ts'
import { programStatus } from './program-status.ts'
import { RegisteredRelease } from './registered-release.ts'
import { StatusWriter } from './status-writer.ts'
import type { WatchedProgram } from './watched-program.ts'

interface ReportOptions {
  readonly node: string
  readonly agentVersion: string
  readonly watched: WatchedProgram
  readonly desk: PermitDesk
}

interface ReportPorts {
  readonly state: Pick<NodeStatePort, 'readLastGood'>
  readonly clock: ClockPort
  readonly log: LogPort
}

/** What this node says of itself in the status of its NodeProgram object. */
export class NodeReport {
  readonly #options: ReportOptions
  readonly #ports: ReportPorts
  readonly #writer: StatusWriter
  readonly #release: RegisteredRelease
  #pass: ToldPass | undefined
  #observedSequence = 0
  #refusal: { readonly reason: string; readonly message: string } | undefined

  constructor(options: ReportOptions, ports: ReportPorts) {
    this.#options = options
    this.#ports = ports
    this.#release = new RegisteredRelease(options.node, ports.clock)
    this.#writer = new StatusWriter(options.node, {
      ...ports,
      current: () => options.watched.current(),
      compose: (known, objects, signal) => this.#compose(known, objects, signal),
    })
  }

  told(pass: ToldPass): void {
    this.#pass = pass
    this.changed()
  }

  taken(sequence: number): void {
    this.#observedSequence = sequence
    this.#refusal = undefined
  }

  refused({ code, what, fix }: Problem, sequence: number): void {
    this.#observedSequence = sequence
    this.#refusal = { reason: camelCase(code), message: `${what}; ${fix}` }
    this.changed()
  }

  changed(): void {
    this.#writer.changed()
  }

  close(): Promise<void> {
    return this.#writer.close()
  }

  async #compose(known: Json, objects: KubeObjectsPort, signal: AbortSignal): Promise<NodeProgramStatus | undefined> {
    const { clock, state } = this.#ports
    if (this.#pass === undefined) return undefined
    const { snapshot, enforced } = this.#pass
    const lastGood = await state.readLastGood()
    // Right after a start the kernel may be told of before the files were looked at: that says nothing of the program.
    if (enforced === undefined && lastGood !== undefined && snapshot.verdict !== 'failed') return undefined
    // What was only looked at, on a machine that is not adopted or with a program that is refused, is in force nowhere.
    const applied = enforced?.program.digest === lastGood?.program.digest ? enforced : undefined
    return programStatus(
      {
        snapshot,
        applied,
        observedSequence: this.#observedSequence,
        refusal: this.#refusal,
        awaiting: this.#options.desk.request,
        agentVersion: this.#options.agentVersion,
        k3sVersion: await this.#release.now(objects, signal),
      },
      conditionsIn(known),
      clock.nowMs(),
    )
  }
}

/** Anybody with the right to write a status may have written it: only what has the form of a condition counts. */
function conditionsIn(status: Json): readonly TimedCondition[] {
  return asList(status['conditions'])
    .map(asRecord)
    .filter((one): one is Json & TimedCondition =>
      ['type', 'status', 'lastTransitionTime'].every((field) => textIn(one[field]) !== undefined),
    )
}

/** `PROGRAM_KEY_CHANGED` → `ProgramKeyChanged`. */
function camelCase(code: string): string {
  return code
    .toLowerCase()
    .split('_')
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
    .join('')
}

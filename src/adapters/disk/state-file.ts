import { Failure } from '../../domain/failure.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { StateDirectory } from './state-directory.ts'
import { currentVersion, isWhole, parseEnvelope, printEnvelope } from './state-envelope.ts'

/**
 * One value in one file: `{ "digest": …, "value": …, "version": 1 }`, the digest over the value's own bytes. A file
 * whose digest matches was written whole by this code at this version, so its value needs no further looking into.
 */
export class StateFile<T extends object> {
  readonly #directory: StateDirectory
  readonly #name: string
  readonly #consequence: string
  readonly #log: LogPort

  /** @param consequence what it means when the file is lost, for the warning */
  constructor(directory: StateDirectory, name: string, consequence: string, log: LogPort) {
    this.#directory = directory
    this.#name = name
    this.#consequence = consequence
    this.#log = log
  }

  /**
   * Undefined when there is none, or when it is damaged: then it is moved aside, with a warning.
   * @throws Failure when the disk refuses to read it, and STATE_TOO_NEW
   */
  async read(): Promise<T | undefined> {
    const bytes = await this.#directory.read(this.#name)
    if (bytes === undefined) return undefined
    const text = bytes.toString('utf8')
    const envelope = parseEnvelope(text)
    if (envelope !== undefined && envelope.version > currentVersion) throw this.#tooNew()
    if (envelope !== undefined && isWhole(text, envelope)) return envelope.value as T
    const movedTo = await this.#directory.moveAside(this.#name)
    this.#log.warn(
      { code: 'STATE_DAMAGED', file: `${this.#directory.path}/${this.#name}`, movedTo, consequence: this.#consequence },
      'a damaged state file was moved aside and counts as absent',
    )
    return undefined
  }

  /**
   * The same for whoever only looks at the machine: nothing is moved, and what is damaged is no answer.
   * @throws Failure STATE_DAMAGED, beside those of `read`
   */
  async peek(): Promise<T | undefined> {
    const bytes = await this.#directory.read(this.#name)
    if (bytes === undefined) return undefined
    const text = bytes.toString('utf8')
    const envelope = parseEnvelope(text)
    if (envelope !== undefined && envelope.version > currentVersion) throw this.#tooNew()
    if (envelope !== undefined && isWhole(text, envelope)) return envelope.value as T
    const where = `${this.#directory.path}/${this.#name}`
    throw new Failure(`${where} is damaged`, {
      code: 'STATE_DAMAGED',
      where,
      fix: 'move it away, or let fairlead run on that machine do so; until then nobody knows what it was about',
      retry: 'never',
    })
  }

  async write(value: T): Promise<void> {
    await this.#directory.write(this.#name, printEnvelope(value))
  }

  async remove(): Promise<void> {
    await this.#directory.remove(this.#name)
  }

  #tooNew(): Failure {
    const where = `${this.#directory.path}/${this.#name}`
    return new Failure(`${where} was written by a newer Fairlead`, {
      code: 'STATE_TOO_NEW',
      where,
      fix: 'run that version or a later one; to give up what it knew, move the file away',
      retry: 'never',
    })
  }
}

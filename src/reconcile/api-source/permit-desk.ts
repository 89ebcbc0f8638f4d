import type { PublishedProgram } from '../../domain/published-program.ts'
import type { PermitPort, PermitRequest } from '../../ports/permit-port.ts'

/** What the controller permits, as its last program says, and what this node asks for. */
export class PermitDesk implements PermitPort {
  readonly #changed: () => void
  #granted: string | undefined
  #request: PermitRequest | undefined

  /** @param changed called when another request, or none, is to be told */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  get request(): PermitRequest | undefined {
    return this.#request
  }

  take({ permit }: PublishedProgram): void {
    this.#granted = permit?.program
  }

  isGranted(program: string): boolean {
    return this.#granted === program
  }

  awaiting(request: PermitRequest | undefined): void {
    if (JSON.stringify(request) === JSON.stringify(this.#request)) return
    this.#request = request
    this.#changed()
  }
}

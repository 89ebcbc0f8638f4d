/** Who says when a node may begin a risky change: the controller, one node at a time. */
export interface PermitPort {
  /** @param program digest of the NodeProgram that asks */
  isGranted(program: string): boolean
  /** Told when a risky change waits, and with undefined when none does any more. */
  awaiting(request: PermitRequest | undefined): void
}

export interface PermitRequest {
  readonly program: string
  /** One sentence for each risky change. */
  readonly changes: readonly string[]
}

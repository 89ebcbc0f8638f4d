import type { CommandPort } from '../../ports/command-port.ts'

/** What one probe found; the deadline is the caller's matter. */
export interface Answer {
  readonly passed: boolean
  readonly message: string
}

/** How a probe is asked: it stops with the signal, and should not take longer than its time. */
export interface Asking {
  readonly commands: CommandPort
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

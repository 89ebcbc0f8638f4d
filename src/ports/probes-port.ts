import type { ProbeResult, ProbeSpec } from '../domain/probe.ts'

/** A TCP connection that somebody opened to this machine. */
export interface LiveSession {
  readonly peer: string
  /** Port of this machine. */
  readonly port: number
}

/** Asks the world whether it still answers: all at once, each with its own deadline. Never throws for an answer "no". */
export interface ProbesPort {
  run(probes: readonly ProbeSpec[], signal: AbortSignal): Promise<readonly ProbeResult[]>
  /** Who is connected to ports of this machine now; none where it cannot be told. */
  sessions(): Promise<readonly LiveSession[]>
}

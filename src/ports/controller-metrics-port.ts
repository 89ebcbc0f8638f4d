/** What a controller counts; Prometheus on the other side. Durations in milliseconds. */
export interface ControllerMetricsPort {
  /** @param target the part of the cluster that the pass was over: `source`, `publish`, `permits`, … */
  passEnded(target: string, verdict: 'settled' | 'blocked' | 'failed', durationMs: number): void
  fetchEnded(outcome: 'ok' | 'failed', durationMs: number): void
  leads(isLeader: boolean): void
  /** NodeProgram objects that were written. */
  published(cause: string, count: number): void
  permitWritten(kind: 'granted' | 'revoked'): void
  nodesAre(kind: string, count: number): void
  conditionIs(type: string, status: 'True' | 'False' | 'Unknown'): void
}

/** What the loop counts; Prometheus on the other side. */
export interface MetricsPort {
  passEnded(target: 'source' | 'node' | 'kernel' | 'deploy', verdict: string, durationMs: number): void
  changeApplied(kind: string, cause: string): void
  fetchEnded(outcome: 'ok' | 'failed', durationMs: number): void
  /** From the event that showed drift to the file being right again. */
  driftRepaired(durationMs: number): void
  /** Objects that a manifest changed in the cluster. */
  objectsDeployed(counts: { readonly created: number; readonly patched: number; readonly deleted: number }): void
  conditionIs(type: string, status: 'True' | 'False' | 'Unknown'): void
  webhookAnswered(provider: string, status: number): void
}

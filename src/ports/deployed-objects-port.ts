import type { ChartName, DeployedObjects } from '../domain/deployed-objects.ts'
import type { Failure } from '../domain/failure.ts'

/** What became of manifests that K3s deploys. Reads only. */
export interface DeployedObjectsPort {
  /** Begins to watch until `signal` ends it. @param changed called after anything that is read here changed */
  start(changed: () => void, signal: AbortSignal): void
  /** Why what is known may be old: the API cannot be asked. */
  readonly interruption: Failure | undefined
  /**
   * @param charts to be read with their overrides
   * @param withValues also what the Helm controller made of them, which is a Secret
   * @returns undefined until everything was listed once
   * @throws Failure KUBE_* when the charts cannot be read
   */
  read(charts: readonly ChartName[], withValues: boolean, signal: AbortSignal): Promise<DeployedObjects | undefined>
}

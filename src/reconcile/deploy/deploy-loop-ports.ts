import type { AppliedCodec } from '../../plan/deploy/applied-annotation.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeEventsPort, KubeObjectsPort } from '../../ports/kube-objects-port.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { LinkedDirectoriesPort, ManifestFilesPort } from '../../ports/manifest-files-port.ts'
import type { MetricsPort } from '../../ports/metrics-port.ts'
import type { NodeStatePort } from '../../ports/node-state-port.ts'

/** The API server that manifests go to. */
export interface DeployApi {
  readonly objects: KubeObjectsPort
  readonly events: Pick<KubeEventsPort, 'record'>
  close(): Promise<void>
}

export interface DeployLoopPorts {
  readonly files: ManifestFilesPort
  /** Hints from behind links; none when absent. */
  readonly links?: LinkedDirectoriesPort
  readonly api: {
    /** Whether anybody said where the API server is. */
    isNamed(): boolean
    /** @throws Failure KUBE_CONFIG_…, KUBE_CREDENTIALS */
    open(signal: AbortSignal): Promise<DeployApi>
  }
  readonly codec: AppliedCodec
  readonly state: Pick<NodeStatePort, 'readInventory'>
  readonly clock: ClockPort
  readonly log: LogPort
  readonly metrics: MetricsPort
}

import type { KubeObjectsPort } from './kube-objects-port.ts'

/** The Kubernetes API as a node reaches it, with the node's own identity. */
export interface NodeApiPort {
  /** For people, without credentials. */
  readonly description: string
  /**
   * Nothing is sent yet.
   * @throws Failure KUBE_CONFIG_MISSING where no K3s has run yet, and the others of a kubeconfig
   */
  open(signal: AbortSignal): Promise<NodeApi>
}

export interface NodeApi {
  readonly objects: KubeObjectsPort
  close(): Promise<void>
}

import type { Facts } from '../domain/facts.ts'

/** A living cluster as its API shows it, read once and without changing anything. */
export interface ClusterReaderPort {
  /**
   * Nodes and Services must be readable; every other part that is not is named in `unread`, and its facts are absent.
   * @throws Failure `KUBE_*`; neither credentials nor what the server answered are part of its text
   */
  read(signal: AbortSignal): Promise<ClusterReading>
}

export interface ClusterReading {
  /** Of origin `live`. Lists are sorted by namespace and name, so that two readings of one state are equal. */
  readonly facts: Facts
  /** As the API server says it: `v1.33.4+k3s1`. */
  readonly serverVersion: string
  /**
   * By node name: what K3s there was started with, `server` or `agent` first, without the values of secrets.
   * @see k3s-io/k3s pkg/nodeconfig/nodeconfig.go, the annotation `k3s.io/node-args`
   */
  readonly nodeArguments: ReadonlyMap<string, readonly string[]>
  /** What is there and could not be read; what the server does not have at all is no entry. */
  readonly unread: readonly UnreadPart[]
}

export interface UnreadPart {
  /** The path of the API below the server's address: `/api/v1/pods`. */
  readonly path: string
  /** Code of the Failure that kept it from being read: `KUBE_FORBIDDEN`. */
  readonly code: string
}

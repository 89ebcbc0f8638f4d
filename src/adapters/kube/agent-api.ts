import type { NodeApiPort } from '../../ports/node-api-port.ts'
import { certificateKubeconfig, stampOf } from './agent-kubeconfig.ts'
import { placesElsewhere } from './agent-places.ts'
import { transportAmong } from './agent-transport.ts'
import type { KubeSource } from './kube-access.ts'
import { kubeFailure } from './kube-failures.ts'
import type { LoginConfig } from './kube-login.ts'
import { type KubeObjectsSettings, openKubeObjects, openObjectsOf } from './kube-objects.ts'

export interface AgentApiOptions {
  /** Of the kubelet, or what was named instead. */
  readonly kubeconfigs: readonly string[]
  /** Context of a kubeconfig that was named. */
  readonly context?: string
  /** Absolute. Paths in a kubeconfig of the machine itself are below it. */
  readonly root: string
  /** Addresses of API servers that are known beside the one that is named; asked for before each connection. */
  readonly servers: () => readonly string[]
  /** For tests, which have all servers on one machine: its addresses. */
  readonly own?: ReadonlySet<string>
  /** For tests. */
  readonly settings?: KubeObjectsSettings
}

/** The API of the cluster as this node reaches it: by its own API port, and by other servers while that does not answer. */
export function openAgentApi(options: AgentApiOptions): NodeApiPort {
  const { kubeconfigs, context, root, settings } = options
  return {
    description: `the API by ${kubeconfigs.join(', ')}`,
    open: async (signal) => {
      const [file, ...more] = kubeconfigs
      const source =
        file === undefined || more.length > 0 || context !== undefined ? undefined : plainSource(file, options)
      const objects =
        source === undefined
          ? await openKubeObjects({ kubeconfigs, ...(context === undefined ? {} : { context }) }, signal, settings)
          : await openObjectsOf(source, signal, settings)
      return { objects, close: () => objects.close() }
    },
  }

  function plainSource(file: string, { servers, own }: AgentApiOptions): KubeSource | undefined {
    if (certificateKubeconfig(file, root) === undefined) return undefined
    return {
      load: () => plainOr(file, certificateKubeconfig(file, root)),
      fingerprint: () => stampOf(file),
      transport: transportAmong(() => placesElsewhere(servers(), own)),
    }
  }
}

function plainOr(file: string, config: LoginConfig | undefined): LoginConfig {
  if (config !== undefined) return config
  throw kubeFailure('KUBE_CONFIG_UNSUPPORTED', file, 'it logged in with a certificate when the agent started')
}

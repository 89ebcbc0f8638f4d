import { existsSync, readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { certificateKubeconfig, stampOf } from './agent-kubeconfig.ts'
import { transportAmong } from './agent-transport.ts'
import type { KubeSource } from './kube-access.ts'
import { isLoopback } from './kube-endpoint.ts'
import { kubeFailure } from './kube-failures.ts'
import type { LoginConfig } from './kube-login.ts'
import { type KubeObjects, type KubeObjectsSettings, openKubeObjects, openObjectsOf } from './kube-objects.ts'
import type { KubeTarget } from './kubeconfig.ts'
import { kubeconfigPlaces, serviceAccountDirectory } from './kubeconfig-places.ts'

interface PodPlaces {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where the kubelet puts the token of the ServiceAccount. */
  readonly directory: string
}

/**
 * The API as the controller reaches it. Where a server is on this machine, and the ServiceAccount of the pod or a
 * certificate is all that logs in there, neither the Kubernetes client nor undici is loaded: they hold 9 MiB.
 *
 * @throws Failure as `openKubeObjects`
 */
export async function openControllerApi(
  target: KubeTarget,
  signal: AbortSignal,
  settings: KubeObjectsSettings = {},
  pod: PodPlaces = { environment: process.env, directory: serviceAccountDirectory },
): Promise<KubeObjects> {
  const source = plainSource(target, pod)
  if (source === undefined) return await openKubeObjects(target, signal, settings)
  return await openObjectsOf({ ...source, transport: transportAmong(() => []) }, signal, settings)
}

function plainSource({ kubeconfigs, context, home }: KubeTarget, pod: PodPlaces): KubeSource | undefined {
  // Several files are merged, and a context is chosen, by the whole client.
  if (kubeconfigs.length > 1 || context !== undefined) return undefined
  const file = kubeconfigPlaces(kubeconfigs, home).find((place) => existsSync(place))
  if (file !== undefined) return sourceOf(file)
  const login = kubeconfigs.length === 0 ? serviceAccount(pod) : undefined
  return login === undefined ? undefined : { load: () => login, fingerprint: () => pod.directory }
}

function sourceOf(file: string): KubeSource | undefined {
  if (!isPlain(file)) return undefined
  return {
    load() {
      const config = certificateKubeconfig(file, '/')
      if (config !== undefined) return config
      throw kubeFailure('KUBE_CONFIG_UNSUPPORTED', file, 'it logged in with a certificate when the controller started')
    },
    fingerprint: () => stampOf(file),
  }
}

function isPlain(file: string): boolean {
  try {
    return certificateKubeconfig(file, '/') !== undefined
  } catch {
    // What is wrong with it, the whole client says.
    return false
  }
}

/** @see k8s.io/client-go rest/config.go `InClusterConfig` */
function serviceAccount({ environment, directory }: PodPlaces): LoginConfig | undefined {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = environment
  const [token, authority] = [`${directory}/token`, `${directory}/ca.crt`]
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`
  // Another machine may have to be reached by a proxy.
  if (!existsSync(token) || !URL.canParse(server) || !isLoopback(new URL(server).hostname)) return undefined
  return {
    getCurrentCluster: () => ({ server, skipTLSVerify: false }),
    // With every login anew: the kubelet replaces a token long before it expires.
    applyToHTTPSOptions: async (options) => {
      options.ca = readFileSync(authority)
      options.headers = { authorization: `Bearer ${readFileSync(token, 'utf8').trim()}` }
    },
  }
}

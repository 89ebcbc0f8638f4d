/** The switches of `spec.components`, by the name they have there. */
export type ComponentKey =
  | 'coredns'
  | 'traefik'
  | 'servicelb'
  | 'networkPolicy'
  | 'cloudController'
  | 'helmController'
  | 'kubeProxy'
  | 'metricsServer'
  | 'localStorage'

/** How K3s is told to leave a component out: an item of its `disable` list, or a flag of its own. */
export type ComponentSwitch =
  | { readonly key: ComponentKey; readonly kind: 'disable-item'; readonly item: string }
  | {
      readonly key: ComponentKey
      readonly kind: 'flag'
      readonly flag: string
    }

/**
 * @see k3s-io/k3s pkg/cli/cmds/server.go (`DisableItems`, `--disable-*`), K3s 1.36; `--disable` since 1.17.4,
 *   `--disable-kube-proxy` since 1.19.1, `--disable-helm-controller` since 1.21.3
 */
export const componentSwitches: readonly ComponentSwitch[] = [
  { key: 'coredns', kind: 'disable-item', item: 'coredns' },
  { key: 'localStorage', kind: 'disable-item', item: 'local-storage' },
  { key: 'metricsServer', kind: 'disable-item', item: 'metrics-server' },
  { key: 'servicelb', kind: 'disable-item', item: 'servicelb' },
  { key: 'traefik', kind: 'disable-item', item: 'traefik' },
  { key: 'cloudController', kind: 'flag', flag: 'disable-cloud-controller' },
  { key: 'helmController', kind: 'flag', flag: 'disable-helm-controller' },
  { key: 'kubeProxy', kind: 'flag', flag: 'disable-kube-proxy' },
  { key: 'networkPolicy', kind: 'flag', flag: 'disable-network-policy' },
]

/**
 * Manifests that some K3s release stages into the manifests directory, relative to it.
 * @see k3s-io/k3s manifests/ at 1.17 to 1.37: `runtimes` since the releases of December 2023, `gateway-api-crd` since 1.37.0
 */
const packagedManifests: ReadonlySet<string> = new Set([
  'ccm.yaml',
  'coredns.yaml',
  'gateway-api-crd.yaml',
  'local-storage.yaml',
  'metrics-server/aggregated-metrics-reader.yaml',
  'metrics-server/auth-delegator.yaml',
  'metrics-server/auth-reader.yaml',
  'metrics-server/metrics-apiservice.yaml',
  'metrics-server/metrics-server-deployment.yaml',
  'metrics-server/metrics-server-service.yaml',
  'metrics-server/resource-reader.yaml',
  'rolebindings.yaml',
  'runtimes.yaml',
  'traefik.yaml',
])

/** Whether this is a directory that K3s makes for manifests of its own: `metrics-server`. */
export function holdsPackaged(directory: string): boolean {
  return [...packagedManifests].some((name) => name.startsWith(`${directory}/`))
}

/** Whether K3s may own this file: `coredns.yaml`, `metrics-server/auth-reader.yaml`. */
export function isPackagedManifest(name: string): boolean {
  return packagedManifests.has(name)
}

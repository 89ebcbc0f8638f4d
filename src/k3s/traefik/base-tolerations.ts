/**
 * Tolerations that K3s gives the packaged Traefik; a list in a HelmChartConfig takes their place.
 * @see k3s-io/k3s manifests/traefik.yaml
 */
export const baseTolerationKeys: readonly string[] = ['CriticalAddonsOnly', 'node-role.kubernetes.io/control-plane']

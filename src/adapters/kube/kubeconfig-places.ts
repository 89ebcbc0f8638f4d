import { homedir } from 'node:os'
import { join } from 'node:path'

export const k3sKubeconfig = '/etc/rancher/k3s/k3s.yaml'

/** Holds `token` and `ca.crt` in a pod. */
export const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Where a kubeconfig may be: the files that were named, else that of the home directory and K3s's own, of which the first counts. */
export function kubeconfigPlaces(named: readonly string[], home = homedir()): readonly string[] {
  return named.length === 0 ? [join(home, '.kube/config'), k3sKubeconfig] : named
}

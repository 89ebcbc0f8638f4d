import { accessSync, constants } from 'node:fs'
import type { Settings } from '../settings.ts'

const k3sKubeconfig = '/etc/rancher/k3s/k3s.yaml'

/**
 * Which files lead to the API of the machine's cluster: those that were named, or K3s's own where we may read it.
 * @param root of the machine; the kubeconfig of another one than this leads to 127.0.0.1, which is not it
 */
export function kubeconfigsFor(
  { settings }: { readonly settings: Pick<Settings, 'kubeconfig'> },
  root: string,
): readonly string[] {
  if (settings.kubeconfig !== undefined) return settings.kubeconfig.split(':').filter((file) => file !== '')
  return root === '/' && isReadable(k3sKubeconfig) ? [k3sKubeconfig] : []
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}

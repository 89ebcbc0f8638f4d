import type { KubeObjects, KubeObjectsSettings } from '../adapters/kube/kube-objects.ts'
import type { CommandCall } from './command.ts'

/**
 * The API of the cluster that `--kubeconfig` names, or of the usual places, for reading and writing. The Kubernetes client
 * is loaded for this alone.
 * @throws Failure `KUBE_CONFIG_*`, KUBE_CONTEXT_MISSING
 */
export async function clusterObjects(
  { settings, terminal }: Pick<CommandCall, 'settings' | 'terminal'>,
  options: KubeObjectsSettings = {},
): Promise<KubeObjects> {
  const { openKubeObjects } = await import('../adapters/kube/kube-objects.ts')
  const { kubeconfig, kubeContext: context } = settings
  const kubeconfigs = (kubeconfig ?? '').split(':').filter((file) => file !== '')
  return openKubeObjects({ kubeconfigs, ...(context === undefined ? {} : { context }) }, terminal.interrupted, options)
}

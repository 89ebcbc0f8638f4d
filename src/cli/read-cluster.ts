import type { ClusterReading } from '../ports/cluster-reader-port.ts'
import type { CommandCall } from './command.ts'

/**
 * The cluster of `--kubeconfig`; undefined where none is named. The Kubernetes client is loaded for this alone.
 * @throws Failure `KUBE_*`
 */
export async function readCluster({
  settings,
  terminal,
}: Pick<CommandCall, 'settings' | 'terminal'>): Promise<ClusterReading | undefined> {
  const { kubeconfig, kubeContext: context } = settings
  if (kubeconfig === undefined) return undefined
  const { openClusterReader } = await import('../adapters/kube/cluster-reader.ts')
  const kubeconfigs = kubeconfig.split(':').filter((file) => file !== '')
  return openClusterReader({ kubeconfigs, ...(context === undefined ? {} : { context }) }).read(terminal.interrupted)
}

import { Failure } from '../domain/failure.ts'
import { asRecord, textIn } from '../domain/plain-json.ts'
import type { MetricsPort } from '../ports/metrics-port.ts'
import { type K3sApi, K3sDeployment } from '../reconcile/deploy-k3s/k3s-deployment.ts'
import type { Settings } from '../settings.ts'
import { kubeconfigsFor } from './kubeconfigs.ts'
import type { Machine } from './this-machine.ts'

/**
 * What became of our manifests, where a K3s applies them; it is asked only while the engine is `k3s`. Below another root the
 * kubeconfig has to be named, as everywhere.
 */
export function openK3sDeployment(
  settings: Pick<Settings, 'engine' | 'kubeconfig' | 'kubeContext'>,
  machine: Pick<Machine, 'root' | 'files' | 'state' | 'k3s' | 'clock' | 'log'>,
  node: string,
  metrics: MetricsPort,
): K3sDeployment | undefined {
  if (settings.engine === 'builtin') return undefined
  const { root, files, state, k3s, clock, log } = machine
  const kubeconfigs = (): readonly string[] => kubeconfigsFor({ settings }, root)
  return new K3sDeployment({
    files,
    state,
    k3s,
    clock,
    log,
    metrics,
    api: {
      isNamed: () => kubeconfigs().length > 0,
      open: (signal) => openApi(kubeconfigs(), settings.kubeContext, node, signal),
    },
  })
}

/** The Kubernetes client is loaded only where there is a server to talk to. */
async function openApi(
  kubeconfigs: readonly string[],
  context: string | undefined,
  node: string,
  signal: AbortSignal,
): Promise<K3sApi> {
  const { openKubeObjects } = await import('../adapters/kube/kube-objects.ts')
  const { openDeployedObjects } = await import('../adapters/kube/deployed-objects.ts')
  const objects = await openKubeObjects({ kubeconfigs, ...(context === undefined ? {} : { context }) }, signal)
  return {
    objects,
    deployed: openDeployedObjects(objects),
    async version(until) {
      const found = await objects.get({ apiVersion: 'v1', kind: 'Node', name: node }, until).catch(unlessForbidden)
      return textIn(asRecord(asRecord(found?.['status'])['nodeInfo'])['kubeletVersion'])
    },
    close: () => objects.close(),
  }
}

/** Who may not read Nodes takes the release that the program names. */
function unlessForbidden(error: unknown): undefined {
  if (!(error instanceof Failure && error.detail.code === 'KUBE_FORBIDDEN')) throw error
}

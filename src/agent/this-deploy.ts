import { openLinkedDirectories } from '../adapters/disk/linked-directories.ts'
import { openManifestFiles } from '../adapters/disk/manifest-files.ts'
import { gzipCodec } from '../adapters/kube/applied-codec.ts'
import type { MetricsPort } from '../ports/metrics-port.ts'
import { DeployLoop } from '../reconcile/deploy/deploy-loop.ts'
import type { DeployApi } from '../reconcile/deploy/deploy-loop-ports.ts'
import type { Settings } from '../settings.ts'
import { kubeconfigsFor } from './kubeconfigs.ts'
import type { Machine } from './this-machine.ts'

/**
 * Our own deploy engine, for the loop; it works only while the engine is `builtin`. Below another root it has to be asked
 * for: a tree to look at is not to end up in the cluster that the KUBECONFIG of this shell happens to name.
 */
export function openDeployLoop(
  settings: Settings,
  machine: Machine,
  node: string,
  metrics: MetricsPort,
): DeployLoop | undefined {
  const { root, state, clock, log } = machine
  if (settings.engine === 'k3s' || (root !== '/' && settings.engine !== 'builtin')) return undefined
  const kubeconfigs = (): readonly string[] => kubeconfigsFor({ settings }, root)
  return new DeployLoop({
    files: openManifestFiles({ root }),
    links: openLinkedDirectories({ root, log }),
    codec: gzipCodec,
    state,
    clock,
    log,
    metrics,
    api: {
      isNamed: () => kubeconfigs().length > 0,
      open: (signal) => openApi(kubeconfigs(), settings.kubeContext, node, machine, signal),
    },
  })
}

/** A directory full of manifests tells of each one twice when it starts. */
const eventLimits = { perMinute: 600, similar: 10, windowMs: 600_000, remembered: 2_048 } as const

/** The Kubernetes client is loaded only where there is a server to talk to. */
async function openApi(
  kubeconfigs: readonly string[],
  context: string | undefined,
  node: string,
  { clock }: Machine,
  signal: AbortSignal,
): Promise<DeployApi> {
  const { openKubeObjects } = await import('../adapters/kube/kube-objects.ts')
  const { eventRecorder } = await import('../adapters/kube/event-recorder.ts')
  const target = { kubeconfigs, ...(context === undefined ? {} : { context }) }
  const objects = await openKubeObjects(target, signal, { manager: fieldManager(node) })
  const events = eventRecorder(objects, clock, { component: 'deploy', host: node }, signal, eventLimits)
  return { objects, events, close: () => objects.close() }
}

const longestManager = 128

/**
 * The name that K3s's own deploy controller writes under.
 * @see k3s-io/k3s pkg/util/client.go; kubernetes/apimachinery pkg/apis/meta/v1/validation (`FieldManagerMaxLength`)
 */
function fieldManager(node: string): string {
  const manager = `deploy@${node}`
  return node === '' || manager.length > longestManager ? 'deploy' : manager
}

import { Failure } from '../../domain/failure.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type {
  KubeKind,
  KubeObjectsPort,
  KubeWatchPort,
  LiveObject,
  VersionedStore,
} from '../../ports/kube-objects-port.ts'

const askAgainMs = 60_000

/**
 * Watches a kind from when the server has it: K3s installs its kinds as it starts, and other distributions never do.
 * @returns the store, once there is one
 */
export function watchWhenServed<T>(
  objects: Pick<KubeObjectsPort, 'resource'> & KubeWatchPort,
  clock: Pick<ClockPort, 'sleep'>,
  kind: KubeKind,
  pick: (object: LiveObject) => T,
  changed: () => void,
  signal: AbortSignal,
): () => VersionedStore<T> | undefined {
  let store: VersionedStore<T> | undefined
  const begin = async (): Promise<void> => {
    while (!signal.aborted) {
      if (await isServed(objects, kind, signal)) {
        store = objects.watchPicked(kind, pick, changed, signal)
        return
      }
      await clock.sleep(askAgainMs, signal)
    }
  }
  void begin()
  return () => store
}

/** Who cannot be asked now is asked again. */
async function isServed(
  objects: Pick<KubeObjectsPort, 'resource'>,
  kind: KubeKind,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return (await objects.resource(kind, signal)) !== undefined
  } catch (error) {
    if (error instanceof Failure || signal.aborted) return false
    throw error
  }
}

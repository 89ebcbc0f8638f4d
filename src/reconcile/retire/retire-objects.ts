import { Failure } from '../../domain/failure.ts'
import type { KubeObjectsPort, LiveObject } from '../../ports/kube-objects-port.ts'
import type { LogPort } from '../../ports/log-port.ts'

export interface RetirePorts {
  readonly objects: Pick<KubeObjectsPort, 'list' | 'delete'>
  readonly log: LogPort
}

/** What takes more along than itself is for a person to delete; it is named, and not waited for. */
const neverDeleted: ReadonlySet<string> = new Set([
  'Namespace',
  'CustomResourceDefinition',
  'PersistentVolume',
  'PersistentVolumeClaim',
])

/**
 * Deletes what is left of a removed manifest.
 *
 * @param left objects that carry the marks of its Addon
 * @returns those that are to be seen gone, for people: `ConfigMap shop/settings`; sorted
 * @throws Failure KUBE_*
 */
export async function retireObjects(
  left: readonly LiveObject[],
  ports: RetirePorts,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const open: string[] = []
  for (const object of left) {
    if ((await retireObject(object, ports, signal)) === 'left') open.push(showObject(object))
  }
  return open.sort()
}

async function retireObject(
  object: LiveObject,
  { objects, log }: RetirePorts,
  signal: AbortSignal,
): Promise<'left' | 'kept'> {
  const { apiVersion, kind, metadata } = object
  if (typeof metadata['deletionTimestamp'] === 'string') return 'left'
  if (neverDeleted.has(kind)) {
    log.warn(
      { object: showObject(object) },
      'an object of a removed manifest stays: delete it by hand where nobody needs it',
    )
    return 'kept'
  }
  const { namespace, name, uid } = metadata
  const ref = { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) }
  try {
    await objects.delete(ref, { propagation: 'Background', uid }, signal)
    log.info({ object: showObject(object) }, 'object of a removed manifest deleted')
  } catch (error) {
    // Another one of its name by now: the next look tells.
    if (!(error instanceof Failure && error.detail.code === 'KUBE_STALE')) throw error
  }
  return 'left'
}

export function showObject({ kind, metadata: { namespace, name } }: LiveObject): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`
}

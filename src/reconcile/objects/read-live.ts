import type { KubernetesObject } from '../../domain/facts.ts'
import { Failure } from '../../domain/failure.ts'
import { objectKey } from '../../k3s/object-key.ts'
import type { KubeObjectsPort, LiveObject } from '../../ports/kube-objects-port.ts'
import { inParallel } from './in-parallel.ts'
import { refOf } from './object-outcome.ts'

/** Of a collection with more than these, the list is read instead of each of them. */
const fewObjects = 20

/** What is there now of `objects`, by `objectKey`; of large collections the metadata alone. */
export async function readLive(
  objects: readonly KubernetesObject[],
  port: Pick<KubeObjectsPort, 'get' | 'list'>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, LiveObject>> {
  const collections = Map.groupBy(objects, ({ apiVersion, kind, metadata }) =>
    [apiVersion, kind, metadata.namespace ?? ''].join('\n'),
  )
  const found = await Promise.all([...collections.values()].map((members) => readCollection(members, port, signal)))
  return new Map(found.flat().map((live) => [objectKey(refOf(live)), live]))
}

async function readCollection(
  members: readonly KubernetesObject[],
  port: Pick<KubeObjectsPort, 'get' | 'list'>,
  signal: AbortSignal,
): Promise<readonly LiveObject[]> {
  const [first] = members
  if (first === undefined) return []
  const { apiVersion, kind, metadata } = first
  try {
    if (members.length <= fewObjects) {
      const answers = await inParallel(members, (one) => port.get(refOf(one), signal), signal)
      return answers.filter((one) => one !== undefined)
    }
    const within = metadata.namespace === undefined ? {} : { namespace: metadata.namespace }
    const names = new Set(members.map((one) => one.metadata.name))
    const { items } = await port.list({ apiVersion, kind, ...within, metadataOnly: true }, signal)
    return items.filter(({ metadata: { name } }) => names.has(name))
  } catch (error) {
    // Of a kind that the server does not have nothing is there.
    if (error instanceof Failure && error.detail.code === 'KUBE_KIND_UNKNOWN') return []
    throw error
  }
}

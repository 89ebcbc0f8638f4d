import { Failure } from '../../domain/failure.ts'
import { fairleadKinds, fairleadNames, fairleadNamespace } from '../../domain/fairlead-api.ts'
import { asRecord, textIn } from '../../domain/plain-json.ts'
import type { KubeObjectsPort, LiveObject, ObjectRef } from '../../ports/kube-objects-port.ts'

export const signingKeyRef: ObjectRef = {
  apiVersion: 'v1',
  kind: 'Secret',
  namespace: fairleadNamespace,
  name: fairleadNames.signingKey,
}

/** On the Secret: names of the nodes whose agents trust its key and stay, joined by commas. */
const keptForAnnotation = 'fairlead.dev/kept-for'

/** Agents that stay on their hosts. */
export interface AgentsLeft {
  /** Sorted; empty where none ever reported. */
  readonly nodes: readonly string[]
}

/**
 * Agents trust the key that they met first, so that with another one nobody would be heard by those that stay. Their names
 * are written onto the Secret with the key before anything that tells of them is removed.
 *
 * @param takenOff nodes whose agents are gone
 * @returns undefined where the key is nobody's any more, or is not in the cluster
 * @throws Failure `KUBE_*`
 */
export async function keepSigningKey(
  { keepNodeAgents, takenOff }: { readonly keepNodeAgents: boolean; readonly takenOff: ReadonlySet<string> },
  objects: Pick<KubeObjectsPort, 'get' | 'list' | 'patch'>,
  signal: AbortSignal,
): Promise<AgentsLeft | undefined> {
  const secret = await objects.get(signingKeyRef, signal)
  if (secret === undefined) return undefined
  const noted = textIn(asRecord(secret.metadata['annotations'])[keptForAnnotation])
  const nodes = [...new Set([...(noted ?? '').split(','), ...(await nodesHeardOf(objects, signal))])]
    .filter((node) => node !== '' && !takenOff.has(node))
    .toSorted()
  if (nodes.length === 0 && !keepNodeAgents) return undefined
  const note = nodes.join(',')
  if (note !== noted) {
    const annotations = { [keptForAnnotation]: note }
    await objects.patch(signingKeyRef, 'merge', { metadata: { annotations } }, {}, signal)
  }
  return { nodes }
}

/** Only an agent writes the status of a program. */
async function nodesHeardOf(objects: Pick<KubeObjectsPort, 'list'>, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const { items } = await objects.list({ ...fairleadKinds.nodeProgram, namespace: fairleadNamespace }, signal)
    return items.filter(hasReported).map(({ metadata }) => metadata.name)
  } catch (error) {
    if (error instanceof Failure && error.detail.code === 'KUBE_KIND_UNKNOWN') return []
    throw error
  }
}

function hasReported(program: LiveObject): boolean {
  return textIn(asRecord(program['status'])['agentVersion']) !== undefined
}

import type { KubernetesObject } from '../../domain/facts.ts'
import { Failure } from '../../domain/failure.ts'
import { asRecord, type Json, textIn } from '../../domain/plain-json.ts'
import type { ClusterAnswer, ClusterRefusal, ClusterRequest, ServedKind } from '../../plan/deploy/cluster-request.ts'
import type { KubeObjectsPort, ObjectRef } from '../../ports/kube-objects-port.ts'

/**
 * One request of a deploy pass, sent; what the server refuses is an answer too.
 * @param refused told of it as it was, for whoever asks whether there is a server at all
 */
export async function answerRequest(
  request: ClusterRequest,
  objects: KubeObjectsPort,
  refused: (failure: Failure) => void,
  signal: AbortSignal,
): Promise<ClusterAnswer> {
  try {
    return await send(request, objects, signal)
  } catch (error) {
    if (error instanceof Failure) refused(error)
    return refusalOf(error)
  }
}

async function send(request: ClusterRequest, objects: KubeObjectsPort, signal: AbortSignal): Promise<ClusterAnswer> {
  const { of } = request
  if (request.verb === 'list') {
    const { items } = await objects.list({ ...kindOf(of), labelSelector: request.labelSelector }, signal)
    return { ok: true, items: items.map((item) => ({ ...item })) }
  }
  if (request.verb === 'create') {
    return { ok: true, object: { ...(await objects.create(objectOf(request.object, of), {}, signal)) } }
  }
  const ref = refOf(of, request.namespace, request.name)
  switch (request.verb) {
    case 'get': {
      const object = await objects.get(ref, signal)
      return object === undefined ? missing(ref) : { ok: true, object: { ...object } }
    }
    case 'update':
      return { ok: true, object: { ...(await objects.replace(objectOf(request.object, of), {}, signal)) } }
    case 'patch':
      return { ok: true, object: { ...(await objects.patch(ref, request.patchType, request.patch, {}, signal)) } }
    case 'delete': {
      const outcome = await objects.delete(ref, { propagation: 'Background' }, signal)
      return outcome === 'absent' ? missing(ref) : { ok: true, object: {} }
    }
  }
}

/** What a Failure of the adapter is to the deploy engine, which asks for 404, AlreadyExists and Conflict only. */
export function refusalOf(error: unknown): ClusterRefusal {
  if (!(error instanceof Failure)) throw error
  const { status, reason } = refusals[error.detail.code] ?? { status: 500, reason: error.detail.code }
  return { ok: false, status, reason, message: error.message }
}

const refusals: Readonly<Record<string, { readonly status: number; readonly reason: string } | undefined>> = {
  KUBE_EXISTS: { status: 409, reason: 'AlreadyExists' },
  KUBE_KIND_UNKNOWN: { status: 404, reason: 'NotFound' },
  KUBE_MISSING: { status: 404, reason: 'NotFound' },
  KUBE_NAMESPACE_MISSING: { status: 404, reason: 'NotFound' },
  KUBE_STALE: { status: 409, reason: 'Conflict' },
}

function missing({ kind, name }: ObjectRef): ClusterRefusal {
  return { ok: false, status: 404, reason: 'NotFound', message: `there is no ${kind} ${name}` }
}

function kindOf({ groupVersion, kind }: ServedKind): { readonly apiVersion: string; readonly kind: string } {
  return { apiVersion: groupVersion, kind }
}

function refOf(of: ServedKind, namespace: string, name: string): ObjectRef {
  return { ...kindOf(of), name, ...(namespace === '' ? {} : { namespace }) }
}

/** Its name may be missing: the server then makes one up, or refuses it. */
function objectOf(object: Json, of: ServedKind): KubernetesObject {
  const metadata = asRecord(object['metadata'])
  return { ...object, ...kindOf(of), metadata: { ...metadata, name: textIn(metadata['name']) ?? '' } }
}

import type { KubernetesObject } from '../../../src/domain/facts.ts'
import { Failure } from '../../../src/domain/failure.ts'
import { asRecord, type Json } from '../../../src/domain/plain-json.ts'
import type { ClusterAnswer, ClusterRequest, ServedKind } from '../../../src/plan/deploy/cluster-request.ts'
import type {
  DeleteOptions,
  KubeKind,
  KubeObjectsPort,
  LiveObject,
  ObjectRef,
} from '../../../src/ports/kube-objects-port.ts'
import type { MapApi } from '../../conformance/map-api.ts'

type Asked = Pick<KubeObjectsPort, 'resource' | 'get' | 'list' | 'create' | 'patch' | 'replace' | 'delete'>

/** The API server of the conformance suite behind the port, as far as a deploy loop asks it. `away` is thrown by everything. */
export class MapObjects implements Asked {
  away: Failure | undefined
  /** Requests that came through, and those that did not. */
  asked = 0
  /** On what conditions each deletion was asked for through the port. */
  readonly deletions: DeleteOptions[] = []
  readonly #api: MapApi

  constructor(api: MapApi) {
    this.#api = api
  }

  /** The rest of the port is nothing that a deploy loop asks for. */
  get port(): KubeObjectsPort {
    const unasked = (): never => {
      throw new Error('a deploy loop does not ask for this')
    }
    return {
      resource: (kind) => this.resource(kind),
      get: (ref) => this.get(ref),
      list: (query) => this.list(query),
      create: (object) => this.create(object),
      patch: (ref, form, patch) => this.patch(ref, form, patch),
      replace: (object) => this.replace(object),
      delete: (ref, options) => this.delete(ref, options),
      apply: unasked,
      unapplied: unasked,
      watch: unasked,
    }
  }

  async resource(kind: KubeKind): ReturnType<KubeObjectsPort['resource']> {
    this.#ask()
    const served = this.#api.discover(kind.apiVersion, kind.kind)
    if ('ok' in served) return undefined
    return { ...kind, name: served.plural, isNamespaced: served.namespaced, verbs: [], subresources: [] }
  }

  async get(ref: ObjectRef): Promise<LiveObject | undefined> {
    const answer = this.#send({ verb: 'get', ...this.#place(ref) })
    return answer.ok ? live(answer) : this.#orMissing(answer)
  }

  async list(query: Parameters<KubeObjectsPort['list']>[0]): ReturnType<KubeObjectsPort['list']> {
    const answer = this.#send({ verb: 'list', of: this.#kind(query), labelSelector: query.labelSelector ?? '' })
    if (!answer.ok || !('items' in answer)) throw failureOf(answer)
    return { items: answer.items.map(asLive), resourceVersion: '1' }
  }

  async create(object: KubernetesObject): Promise<LiveObject> {
    return live(this.#send({ verb: 'create', ...this.#place(refOf(object)), object: { ...object } }))
  }

  async patch(ref: ObjectRef, patchType: 'strategic' | 'merge', patch: Json): Promise<LiveObject> {
    return live(this.#send({ verb: 'patch', ...this.#place(ref), patchType, patch }))
  }

  async replace(object: KubernetesObject): Promise<LiveObject> {
    return live(this.#send({ verb: 'update', ...this.#place(refOf(object)), object: { ...object } }))
  }

  async delete(ref: ObjectRef, options: DeleteOptions = {}): ReturnType<KubeObjectsPort['delete']> {
    this.deletions.push(options)
    const answer = this.#send({ verb: 'delete', ...this.#place(ref) })
    if (answer.ok) return 'deleted'
    this.#orMissing(answer)
    return 'absent'
  }

  #orMissing(answer: ClusterAnswer): undefined {
    if (!answer.ok && answer.status === 404) return undefined
    throw failureOf(answer)
  }

  #send(request: ClusterRequest): ClusterAnswer {
    this.#ask()
    return this.#api.answer(request)
  }

  #ask(): void {
    this.asked += 1
    if (this.away !== undefined) throw this.away
  }

  #place(ref: ObjectRef): { readonly of: ServedKind; readonly namespace: string; readonly name: string } {
    return { of: this.#kind(ref), namespace: ref.namespace ?? '', name: ref.name }
  }

  #kind({ apiVersion, kind }: KubeKind): ServedKind {
    const served = this.#api.discover(apiVersion, kind)
    if ('ok' in served) throw failureOf(served)
    return served
  }
}

function refOf(object: KubernetesObject): ObjectRef {
  const { apiVersion, kind, metadata } = object
  const { name, namespace } = metadata
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) }
}

function live(answer: ClusterAnswer): LiveObject {
  if (!answer.ok || !('object' in answer)) throw failureOf(answer)
  return asLive(answer.object)
}

function asLive(object: Json): LiveObject {
  const { apiVersion, kind, metadata } = object
  const { name, uid, resourceVersion, ...rest } = asRecord(metadata)
  const meta = { ...rest, name: String(name), uid: String(uid), resourceVersion: String(resourceVersion) }
  return { ...object, apiVersion: String(apiVersion), kind: String(kind), metadata: meta }
}

function failureOf(answer: ClusterAnswer): Failure {
  if (answer.ok) throw new Error('an answer of another form')
  const codes: Readonly<Record<string, string>> = {
    AlreadyExists: 'KUBE_EXISTS',
    Conflict: 'KUBE_STALE',
    NotFound: 'KUBE_MISSING',
  }
  const code = answer.message.includes('could not find the requested')
    ? 'KUBE_KIND_UNKNOWN'
    : (codes[answer.reason] ?? 'KUBE_INVALID')
  return new Failure(answer.message, { code, where: 'the cluster', fix: 'none', retry: 'soon' })
}

import type { KubernetesObject } from '../../src/domain/facts.ts'
import { Failure } from '../../src/domain/failure.ts'
import { asRecord, isRecord, type Json } from '../../src/domain/plain-json.ts'
import type {
  Deletion,
  KubeList,
  KubeObjectsPort,
  KubeQuery,
  KubeResource,
  KubeStore,
  LiveObject,
  ObjectRef,
  WriteOptions,
} from '../../src/ports/kube-objects-port.ts'

type Verb = 'create' | 'patch' | 'replace' | 'delete'

/**
 * Objects in memory, with versions as an API server counts them. A write names the version that it was decided on or replaces
 * whatever is there; `status` is written beside the rest. Neither owners of fields nor schemas are played.
 */
export class StoredObjects implements KubeObjectsPort {
  readonly #objects = new Map<string, LiveObject>()
  #version = 0
  /** `create Secret fairlead-signing-key`, in the order in which they came. */
  readonly writes: string[] = []
  /** @returns the code that a write is turned away with */
  refuse: (write: string, object: Json) => string | undefined = () => undefined

  async resource(): Promise<KubeResource | undefined> {
    return { apiVersion: '', kind: '', name: '', isNamespaced: true, verbs: [], subresources: [] }
  }

  async get({ kind, name }: ObjectRef): Promise<LiveObject | undefined> {
    return this.#objects.get(`${kind} ${name}`)
  }

  async list({ kind }: KubeQuery): Promise<KubeList> {
    const items = [...this.#objects.values()].filter((object) => object.kind === kind)
    return { items, resourceVersion: String(this.#version) }
  }

  async create(object: KubernetesObject): Promise<LiveObject> {
    const key = this.#begin('create', object, object)
    if (this.#objects.has(key)) throw failure('KUBE_EXISTS', key)
    return this.#keep(key, { ...object, metadata: { ...object.metadata, uid: `uid-${this.#version + 1}` } })
  }

  async patch(ref: ObjectRef, _form: string, patch: Json): Promise<LiveObject> {
    const key = this.#begin('patch', ref, patch)
    return this.#keep(key, merged(this.#there(key), patch))
  }

  async apply(object: KubernetesObject): Promise<LiveObject> {
    const { kind, metadata } = object
    return this.#objects.has(`${kind} ${metadata.name}`)
      ? await this.patch({ ...object, name: metadata.name }, 'merge', object)
      : await this.create(object)
  }

  async replace(object: KubernetesObject, { subresource }: WriteOptions): Promise<LiveObject> {
    const key = this.#begin('replace', object, object)
    const live = this.#there(key)
    const { resourceVersion = live.metadata.resourceVersion } = asRecord(object.metadata)
    if (resourceVersion !== live.metadata.resourceVersion) throw failure('KUBE_STALE', key)
    const { status } = subresource === 'status' ? object : live
    const rest = subresource === 'status' ? live : { ...object, metadata: { ...live.metadata, ...object.metadata } }
    return this.#keep(key, { ...rest, ...(status === undefined ? {} : { status }) })
  }

  async delete(ref: ObjectRef): Promise<Deletion> {
    const key = this.#begin('delete', ref, {})
    return this.#objects.delete(key) ? 'deleted' : 'absent'
  }

  async unapplied(objects: readonly KubernetesObject[]): Promise<readonly KubernetesObject[]> {
    return objects
  }

  watch(): KubeStore {
    throw new Error('nothing is watched here')
  }

  #begin(verb: Verb, of: ObjectRef | KubernetesObject, body: object): string {
    const name = 'metadata' in of ? of.metadata.name : of.name
    const write = `${verb} ${of.kind} ${name}`
    const code = this.refuse(write, asRecord(body))
    if (code !== undefined) throw failure(code, write)
    this.writes.push(write)
    return `${of.kind} ${name}`
  }

  #there(key: string): LiveObject {
    const live = this.#objects.get(key)
    if (live === undefined) throw failure('KUBE_MISSING', key)
    return live
  }

  #keep(key: string, object: Json): LiveObject {
    this.#version += 1
    const metadata = { ...asRecord(object['metadata']), resourceVersion: String(this.#version) }
    const live = { ...object, metadata } as unknown as LiveObject
    this.#objects.set(key, live)
    return live
  }
}

function failure(code: string, where: string): Failure {
  return new Failure(`${where}: ${code}`, { code, where, fix: 'none in a test', retry: 'soon' })
}

function merged(before: object, patch: object): Json {
  const result: Record<string, unknown> = { ...before }
  for (const [key, value] of Object.entries(patch)) {
    const known = result[key]
    if (value === null) delete result[key]
    else result[key] = isRecord(value) && isRecord(known) ? merged(known, value) : value
  }
  return result
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Dispatcher } from 'undici'

type Json = Readonly<Record<string, unknown>>

/** Puts objects into the cluster of a test, the plainest way: what the server refuses is an error with its words. */
export class ApiWriter {
  readonly #origin: string
  readonly #dispatcher: Dispatcher

  constructor(origin: string, dispatcher: Dispatcher) {
    this.#origin = origin
    this.#dispatcher = dispatcher
  }

  async isReady(): Promise<boolean> {
    return await this.#send('GET', '/readyz').then(
      ({ status }) => status === 200,
      () => false,
    )
  }

  /** @param path of the collection: `/api/v1/nodes` */
  async create(path: string, object: Json): Promise<Json> {
    return await this.#must('POST', path, object)
  }

  async createUnlessThere(path: string, object: Json): Promise<void> {
    const { status, text } = await this.#send('POST', path, object)
    if (status !== 201 && status !== 409) throw new Error(`POST ${path}: ${status} ${text}`)
  }

  /** Many at once, 16 in flight. */
  async createAll(path: string, objects: readonly Json[]): Promise<void> {
    const rest = objects.values()
    const worker = async (): Promise<void> => {
      for (const object of rest) await this.create(path, object)
    }
    await Promise.all(Array.from({ length: 16 }, worker))
  }

  /** Status is a resource of its own: what is written into it with the object is thrown away. */
  async setStatus(path: string, status: Json): Promise<void> {
    const live = await this.get(path)
    await this.#must('PUT', `${path}/status`, { ...live, status })
  }

  /** Fields of `spec` in place of what it has. */
  async setSpec(path: string, fields: Json): Promise<void> {
    const live = await this.get(path)
    await this.#must('PUT', path, { ...live, spec: { ...(live['spec'] as Json), ...fields } })
  }

  async replace(path: string, object: Json): Promise<void> {
    await this.#must('PUT', path, object)
  }

  async remove(path: string): Promise<void> {
    await this.#must('DELETE', path)
  }

  async get(path: string): Promise<Json> {
    return await this.#must('GET', path)
  }

  /** Installs a definition of a kind that keeps every field, and waits until the server has it. */
  async installKind(group: string, version: string, kind: string, plural: string): Promise<void> {
    await this.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
        versions: [
          {
            name: version,
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        ],
      },
    })
    for (;;) {
      const { status } = await this.#send('GET', `/apis/${group}/${version}/${plural}`)
      if (status === 200) return
      await sleep(50)
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy()
  }

  async #must(method: Dispatcher.HttpMethod, path: string, body?: Json): Promise<Json> {
    const { status, text } = await this.#send(method, path, body)
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${text}`)
    return JSON.parse(text) as Json
  }

  async #send(method: Dispatcher.HttpMethod, path: string, body?: Json): Promise<{ status: number; text: string }> {
    const response = await this.#dispatcher.request({
      origin: this.#origin,
      path,
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.statusCode, text: await response.body.text() }
  }
}

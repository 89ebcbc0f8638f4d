import { Failure } from '../../domain/failure.ts'
import { fairleadKinds, fairleadNamespace } from '../../domain/fairlead-api.ts'
import { asRecord, type Json } from '../../domain/plain-json.ts'
import type { NodeProgramStatus } from '../../domain/published-program.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeObjectsPort, LiveObject } from '../../ports/kube-objects-port.ts'
import type { LogPort } from '../../ports/log-port.ts'

/** Not oftener than this, however much happens on the node. */
const everyMs = 1_000
const longestRetryMs = 30_000

export interface StatusWriterPorts {
  readonly clock: ClockPort
  readonly log: LogPort
  /** The object as it is known now; undefined while there is none, or no API. */
  readonly current: () => { readonly object: LiveObject; readonly objects: KubeObjectsPort } | undefined
  /** What is to be told now; undefined while there is nothing to tell. */
  readonly compose: (
    known: Json,
    objects: KubeObjectsPort,
    signal: AbortSignal,
  ) => Promise<NodeProgramStatus | undefined>
}

/** Keeps the status of one NodeProgram object as it should be: written when it is another, tried again when it fails. */
export class StatusWriter {
  readonly #node: string
  readonly #ports: StatusWriterPorts
  readonly #ending = new AbortController()
  #wake: (() => void) | undefined
  #isDirty = false
  #loop: Promise<void> | undefined

  constructor(node: string, ports: StatusWriterPorts) {
    this.#node = node
    this.#ports = ports
  }

  /** Something may have to be told. Never waits and never fails. */
  changed(): void {
    this.#isDirty = true
    this.#wake?.()
    this.#loop ??= this.#run()
  }

  async close(): Promise<void> {
    this.#ending.abort()
    this.#wake?.()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { clock } = this.#ports
    const { signal } = this.#ending
    let failures = 0
    while (!signal.aborted) {
      if (!this.#isDirty) await this.#news()
      if (signal.aborted) return
      this.#isDirty = false
      const isTold = await this.#tell(failures === 0)
      failures = isTold ? 0 : failures + 1
      this.#isDirty ||= !isTold
      await clock.sleep(isTold ? everyMs : Math.min(longestRetryMs, everyMs * 2 ** failures), signal)
    }
  }

  async #news(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#wake = undefined
  }

  /** @returns false when it has to be tried again */
  async #tell(isFirst: boolean): Promise<boolean> {
    const { current, compose, log } = this.#ports
    const { signal } = this.#ending
    try {
      const found = current()
      // Once the object is there, its news lead here again.
      if (found === undefined) return true
      const known = asRecord(found.object['status'])
      const status = await compose(known, found.objects, signal)
      if (status === undefined) return true
      const wanted = withoutEmpty({ ...status })
      if (isSame(known, wanted)) return true
      const { uid, resourceVersion } = found.object.metadata
      const metadata = { name: this.#node, namespace: fairleadNamespace, uid, resourceVersion }
      const object = { ...fairleadKinds.nodeProgram, metadata, spec: found.object['spec'], status: wanted }
      await found.objects.replace(object, { subresource: 'status' }, signal)
      return true
    } catch (error) {
      if (signal.aborted) return true
      if (!(error instanceof Failure)) {
        const stack = error instanceof Error ? error.stack : String(error)
        log.error({ stack }, 'the status of this node could not be told, by a bug in Fairlead')
        return true
      }
      const { code, where, fix } = error.detail
      // Somebody wrote meanwhile: what is known is about to be what is there.
      if (isFirst && code !== 'KUBE_STALE')
        log.warn({ code, where, fix }, `the status of this node could not be told: ${error.message}`)
      // Its news lead here again.
      return code === 'KUBE_MISSING'
    }
  }
}

/** As Kubernetes writes its own: some releases take an empty text for null, and refuse it. */
function withoutEmpty(status: Json): Json {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== ''))
}

/** The server writes fields in its own order. */
function isSame(known: unknown, wanted: unknown): boolean {
  if (Array.isArray(known) && Array.isArray(wanted)) {
    return known.length === wanted.length && known.every((item, index) => isSame(item, wanted[index]))
  }
  if (typeof known !== 'object' || typeof wanted !== 'object' || known === null || wanted === null) {
    return known === wanted
  }
  const [a, b] = [asRecord(known), asRecord(wanted)]
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => isSame(a[key], b[key]))
}

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { fairleadNamespace } from '../../../src/domain/fairlead-api.ts'
import { asRecord } from '../../../src/domain/plain-json.ts'
import type { ChildServer } from '../../cluster/child-server.ts'
import { type ClusterPicture, differences, documents, pictureOf } from './controlled-cluster.ts'
import { type ControllerPlaces, controllerPlaces, startControllerProcess } from './controller-process.ts'
import { type FaultLab, never } from './fault-lab.ts'

const lease = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace: fairleadNamespace,
  name: 'fairlead-controller',
} as const
/** Who waits for an API that was away asks every thirty seconds in the end. */
const convergedWithinMs = 60_000

/** Processes of `fairlead controller` over one cluster, one after the other, and what they leave. */
export class ControllerTrials {
  readonly #lab: FaultLab
  readonly #places: ControllerPlaces
  #variant: 'a' | 'b' | undefined
  #head = ''
  #different: readonly string[] = []
  readonly #processes = new Map<string, ChildServer>()
  /** Requests of the busiest process so far. */
  mostCalls = 0

  private constructor(lab: FaultLab, places: ControllerPlaces) {
    this.#lab = lab
    this.#places = places
  }

  static async open(lab: FaultLab): Promise<ControllerTrials> {
    const directory = mkdtempSync(join(tmpdir(), 'fairlead-controllers-'))
    // Every process is the same program; the second one need not translate it again.
    process.env['NODE_COMPILE_CACHE'] = join(directory, 'compiled')
    return new ControllerTrials(lab, await controllerPlaces(directory))
  }

  async stopAll(): Promise<void> {
    for (const name of this.#processes.keys()) await this.stop(name)
  }

  /** Whoever comes next would wait until the lead of a dead one has run out. */
  async freeTheLead(): Promise<void> {
    await this.#lab.direct.delete(lease, {}, never)
  }

  /** The name of the process that holds the Lease. */
  async leader(): Promise<string> {
    const { spec } = asRecord(await this.#lab.direct.get(lease, never))
    return String(asRecord(spec)['holderIdentity']).split('_')[0] ?? ''
  }

  async close(): Promise<void> {
    await this.stopAll()
    rmSync(this.#places.directory, { recursive: true, force: true })
  }

  /** One that is there already is no new revision. */
  async push(variant: 'a' | 'b'): Promise<void> {
    if (variant === this.#variant) return
    this.#variant = variant
    this.#head = await this.#places.repository.push(documents(variant), `revision ${variant}`)
  }

  /** @param name of the process, and of its client certificate */
  start(name = 'controller'): ChildServer {
    const { proxy, server } = this.#lab
    const kubeconfig = proxy.through(server.kubeconfigOf(name, ['system:masters']))
    const controller = startControllerProcess(this.#places, kubeconfig, name)
    this.#processes.set(name, controller)
    return controller
  }

  async stop(name = 'controller', signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#processes.get(name)?.stop(signal)
    this.#processes.delete(name)
  }

  /**
   * Starts one, and kills it the moment the server has carried out its n-th write, before it hears of that.
   * @param wanted what is to be there in the end; where nobody knows yet, that it stands still
   * @returns false when it was done before it came so far; it is ended then in good order
   */
  async killedAfter(write: number, wanted?: ClusterPicture): Promise<boolean> {
    const { proxy } = this.#lab
    await this.freeTheLead()
    proxy.forget()
    const controller = this.start()
    const isDone = wanted === undefined ? this.#stillness() : () => this.#is(wanted)
    let isKilled = false
    let written = 0
    proxy.written = ({ resource }) => {
      // The lead is renewed all the time.
      if (resource !== 'leases') written += 1
      if (written !== write || isKilled) return
      isKilled = true
      process.kill(controller.pid, 'SIGKILL')
    }
    try {
      return await this.#until(async () => {
        if (isKilled) return true
        return (await isDone()) ? false : undefined
      })
    } finally {
      proxy.written = () => undefined
      this.mostCalls = Math.max(this.mostCalls, proxy.calls.length)
      await this.stop()
    }
  }

  /** What is there once one of them worked in peace, and nothing changes any more. */
  async undisturbed(variant: 'a' | 'b'): Promise<ClusterPicture> {
    await this.push(variant)
    await this.freeTheLead()
    this.start()
    const picture = await this.settled()
    await this.stop()
    return picture
  }

  /** Waits until the cluster is as the newest revision wants it. */
  async reach(wanted: ClusterPicture): Promise<void> {
    await this.#until(async () => ((await this.#is(wanted)) ? true : undefined))
  }

  /** @returns what is there once the cluster stands still, without the name of the revision */
  async settled(): Promise<ClusterPicture> {
    const isStill = this.#stillness()
    return await this.#until(async () =>
      (await isStill()) ? this.#withoutHead(await pictureOf(this.#lab)) : undefined,
    )
  }

  /** Whether the pushed revision is the one of the record, and nothing changed for a moment. */
  #stillness(): () => Promise<boolean> {
    let before: ClusterPicture = {}
    let sinceMs = performance.now()
    return async () => {
      const now = await pictureOf(this.#lab)
      if (!isDeepStrictEqual(now, before)) [before, sinceMs] = [now, performance.now()]
      const isRecorded = JSON.stringify(now['ClusterNetwork home'] ?? '').includes(this.#head)
      return isRecorded && performance.now() - sinceMs > 1_500
    }
  }

  /** A picture of `settled`, as it looks with the newest revision. */
  atHead(picture: ClusterPicture): ClusterPicture {
    return JSON.parse(JSON.stringify(picture).replaceAll(headWord, this.#head)) as ClusterPicture
  }

  /** The ends of their logs. */
  lastWords(): string {
    const logs = readdirSync(this.#places.directory).filter((name) => name.endsWith('.log'))
    return logs
      .map((name) => readFileSync(join(this.#places.directory, name), 'utf8').split('\n').slice(-25).join('\n'))
      .join('\n')
  }

  async #is(wanted: ClusterPicture): Promise<boolean> {
    this.#different = differences(await pictureOf(this.#lab), this.atHead(wanted))
    return this.#different.length === 0
  }

  #withoutHead(picture: ClusterPicture): ClusterPicture {
    return JSON.parse(JSON.stringify(picture).replaceAll(this.#head, headWord)) as ClusterPicture
  }

  async #until<T>(look: () => Promise<T | undefined>): Promise<T> {
    for (const deadlineMs = performance.now() + convergedWithinMs; performance.now() < deadlineMs; ) {
      const found = await look()
      if (found !== undefined) return found
      for (const [name, controller] of this.#processes) {
        const end = controller.ended()
        if (end !== undefined && !end.includes('SIGKILL')) throw new Error(`${name} ${end}`)
      }
      await sleep(150)
    }
    throw new Error(`not within ${convergedWithinMs} ms: ${this.#different.join('\n')}`)
  }
}

const headWord = 'the-head'

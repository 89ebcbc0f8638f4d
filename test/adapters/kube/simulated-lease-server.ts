import { kubeFailure } from '../../../src/adapters/kube/kube-failures.ts'
import type { KubernetesObject } from '../../../src/domain/facts.ts'
import type { ClockPort } from '../../../src/ports/clock-port.ts'
import type { KubeObjectsPort, LiveObject } from '../../../src/ports/kube-objects-port.ts'
import { isWithin, type SimulatedTime, type Stretch } from './simulated-time.ts'

export interface SimulatedNetwork {
  /** One way, in milliseconds. */
  readonly latencyMs: number
  /** Nothing arrives, and nobody says so. */
  readonly cutOff?: readonly Stretch[]
  /** What is written arrives, and the answer does not. */
  readonly mute?: readonly Stretch[]
}

/** One object with optimistic concurrency, as an API server keeps it: a write names the version that it read. */
export class SimulatedLeaseServer {
  #object: LiveObject | undefined
  #version = 0
  readonly #time: SimulatedTime

  constructor(time: SimulatedTime) {
    this.#time = time
  }

  get lease(): LiveObject | undefined {
    return this.#object
  }

  client(
    clock: ClockPort,
    { latencyMs, cutOff, mute }: SimulatedNetwork,
  ): Pick<KubeObjectsPort, 'get' | 'create' | 'replace'> {
    const way = async (signal: AbortSignal, lost: readonly Stretch[] = []): Promise<void> => {
      if (isWithin(this.#time.nowMs, lost)) await clock.sleep(Number.MAX_SAFE_INTEGER, signal)
      await clock.sleep(latencyMs, signal)
      signal.throwIfAborted()
    }
    const carry = async <T>(signal: AbortSignal, act: () => T): Promise<T> => {
      await way(signal, cutOff)
      const answer = act()
      await way(signal, [...(cutOff ?? []), ...(mute ?? [])])
      return answer
    }
    return {
      get: (_ref, signal) => carry(signal, () => this.#object),
      create: (object, _options, signal) => carry(signal, () => this.#create(object)),
      replace: (object, _options, signal) => carry(signal, () => this.#replace(object)),
    }
  }

  #create(object: KubernetesObject): LiveObject {
    if (this.#object !== undefined) throw kubeFailure('KUBE_EXISTS', 'Lease')
    return this.#store(object)
  }

  #replace(object: KubernetesObject): LiveObject {
    const { resourceVersion } = object.metadata as LiveObject['metadata']
    if (this.#object?.metadata.resourceVersion !== resourceVersion) throw kubeFailure('KUBE_STALE', 'Lease')
    return this.#store(object)
  }

  #store(object: KubernetesObject): LiveObject {
    this.#version += 1
    this.#object = { ...object, metadata: { ...object.metadata, uid: 'one', resourceVersion: `${this.#version}` } }
    return this.#object
  }
}

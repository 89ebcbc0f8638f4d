import type { KubeEvent } from '../../ports/kube-objects-port.ts'

/** What becomes of an event: a new object, one more of an object that is there, or nothing. */
export type EventStep =
  | { readonly kind: 'create'; readonly key: string; readonly message: string }
  | {
      readonly kind: 'count'
      readonly key: string
      readonly name: string
      readonly count: number
      readonly message: string
    }
  | { readonly kind: 'drop' }

export interface EventLimits {
  /** Writes in any minute, for all objects together. */
  readonly perMinute: number
  /** Different messages of one reason for one object within the window, before they are told as one. */
  readonly similar: number
  readonly windowMs: number
  /** Series that are remembered; the oldest are forgotten first. */
  readonly remembered: number
}

export const defaultEventLimits: EventLimits = { perMinute: 30, similar: 10, windowMs: 600_000, remembered: 512 }

/** Of the API, in characters. */
const longestMessage = 1024

interface Series {
  readonly name: string
  readonly count: number
  readonly lastMs: number
}

interface Group {
  readonly messages: ReadonlySet<string>
  readonly lastMs: number
}

/**
 * Which events are one: the same again counts up, and what differs only in its words is told as one when there is much of it.
 * @see k8s.io/client-go tools/record/events_cache.go `EventCorrelator`, `EventAggregator`
 */
export class EventSeries {
  readonly #limits: EventLimits
  readonly #series = new Map<string, Series>()
  readonly #groups = new Map<string, Group>()
  #writesMs: readonly number[] = []

  constructor(limits: EventLimits = defaultEventLimits) {
    this.#limits = limits
  }

  /** @param nowMs on a clock that nobody sets */
  next(event: KubeEvent, nowMs: number): EventStep {
    this.#writesMs = this.#writesMs.filter((ms) => nowMs - ms < 60_000)
    if (this.#writesMs.length >= this.#limits.perMinute) return { kind: 'drop' }
    this.#writesMs = [...this.#writesMs, nowMs]
    const groupKey = keyOfGroup(event)
    const isMany = this.#isMany(groupKey, event.message, nowMs)
    const message = shortened(isMany ? `(combined from similar events): ${event.message}` : event.message)
    const key = isMany ? groupKey : `${groupKey}\n${event.message}`
    const series = this.#series.get(key)
    if (series === undefined || nowMs - series.lastMs > this.#limits.windowMs) return { kind: 'create', key, message }
    const count = series.count + 1
    this.#remember(this.#series, key, { ...series, count, lastMs: nowMs })
    return { kind: 'count', key, name: series.name, count, message }
  }

  /** It was created under this name: the next one of its kind counts up. */
  created(key: string, name: string, nowMs: number): void {
    this.#remember(this.#series, key, { name, count: 1, lastMs: nowMs })
  }

  /** Its object is not there any more, as after the hour that the API keeps one. */
  gone(key: string): void {
    this.#series.delete(key)
  }

  #isMany(groupKey: string, message: string, nowMs: number): boolean {
    const former = this.#groups.get(groupKey)
    const isOld = former === undefined || nowMs - former.lastMs > this.#limits.windowMs
    const messages = new Set(isOld ? [] : former.messages)
    if (messages.size < this.#limits.similar) messages.add(message)
    this.#remember(this.#groups, groupKey, { messages, lastMs: nowMs })
    return messages.size >= this.#limits.similar
  }

  #remember<T>(map: Map<string, T>, key: string, value: T): void {
    map.delete(key)
    map.set(key, value)
    const [oldest] = map.keys()
    if (map.size > this.#limits.remembered && oldest !== undefined) map.delete(oldest)
  }
}

function keyOfGroup({ regarding, type, reason }: KubeEvent): string {
  const { apiVersion, kind, namespace = '', name, uid = '' } = regarding
  return [apiVersion, kind, namespace, name, uid, type, reason].join('\n')
}

function shortened(message: string): string {
  return message.length > longestMessage ? `${message.slice(0, longestMessage - 1)}…` : message
}

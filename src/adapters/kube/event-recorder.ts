import { Failure } from '../../domain/failure.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeEvent, KubeEventsPort, KubeObjectsPort } from '../../ports/kube-objects-port.ts'
import { defaultEventLimits, type EventLimits, EventSeries, type EventStep } from './event-series.ts'
import { hasCode } from './kube-failures.ts'

export interface EventSource {
  /** `fairlead-controller`. */
  readonly component: string
  /** The node that it runs on. */
  readonly host?: string
}

/** More than these wait for nobody. */
const longestQueue = 256

/** Sends Events one after the other, as `v1` Events, which every release shows. */
export function eventRecorder(
  objects: Pick<KubeObjectsPort, 'create' | 'patch'>,
  clock: ClockPort,
  source: EventSource,
  signal: AbortSignal,
  limits: EventLimits = defaultEventLimits,
): KubeEventsPort {
  const series = new EventSeries(limits)
  const queue: KubeEvent[] = []
  let dropped = 0
  let made = 0
  let sending: Promise<void> | undefined

  const create = async (event: KubeEvent, key: string, message: string): Promise<void> => {
    made += 1
    const name = `${event.regarding.name}.${Math.floor(clock.nowMs()).toString(16)}${made.toString(16)}`
    await objects.create(eventObject(event, name, message, source, secondsOf(clock.nowMs())), {}, signal)
    series.created(key, name, clock.monotonicMs())
  }
  const tell = async (event: KubeEvent, step: EventStep): Promise<void> => {
    switch (step.kind) {
      case 'create':
        return await create(event, step.key, step.message)
      case 'count':
        try {
          const ref = { apiVersion: 'v1', kind: 'Event', namespace: namespaceOf(event), name: step.name }
          const patch = { count: step.count, lastTimestamp: secondsOf(clock.nowMs()), message: step.message }
          await objects.patch(ref, 'merge', patch, {}, signal)
          return
        } catch (error) {
          if (!hasCode(error, 'KUBE_MISSING')) throw error
          series.gone(step.key)
          return await create(event, step.key, step.message)
        }
      case 'drop':
        dropped += 1
    }
  }
  const drain = async (): Promise<void> => {
    for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
      try {
        await tell(event, series.next(event, clock.monotonicMs()))
      } catch (error) {
        dropped += 1
        if (!signal.aborted && !(error instanceof Failure)) throw error
      }
    }
    sending = undefined
  }
  return {
    record(event) {
      if (signal.aborted || queue.length >= longestQueue) {
        dropped += 1
        return
      }
      queue.push(event)
      sending ??= drain()
    },
    get dropped() {
      return dropped
    },
    async flush() {
      await sending
    },
  }
}

/** What has no namespace is told of in the one that is always there. */
function namespaceOf({ regarding }: KubeEvent): string {
  return regarding.namespace ?? 'default'
}

function eventObject(
  event: KubeEvent,
  name: string,
  message: string,
  { component, host }: EventSource,
  now: string,
): Parameters<KubeObjectsPort['create']>[0] {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: namespaceOf(event) },
    involvedObject: event.regarding,
    type: event.type,
    reason: event.reason,
    message,
    source: { component, ...(host === undefined ? {} : { host }) },
    reportingComponent: component,
    reportingInstance: host ?? '',
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  }
}

/** `2026-01-02T03:04:05Z`. */
function secondsOf(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`
}

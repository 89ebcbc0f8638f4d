import type { KubernetesObject } from '../../domain/facts.ts'
import { asRecord, type Json, known, textIn } from '../../domain/plain-json.ts'
import type { ApiClient } from './api-client.ts'
import type { Discovery } from './discovery.ts'
import { listAll } from './list-pages.ts'
import { openMessage } from './open-message.ts'
import { type Refused, unlessRefused } from './optional-part.ts'

/** What K3s and its Helm controller speak about in events. */
const toldAbout = [
  { kind: 'Addon', group: 'k3s.cattle.io' },
  { kind: 'HelmChart', group: 'helm.cattle.io' },
] as const

/** Says that something is about to happen; how it ended is another event of the same second. */
const announcements: ReadonlySet<string> = new Set(['ApplyingManifest'])

/** Of so many an ordinary cluster has a few dozen: one for each Addon, HelmChart and server. */
const maxKept = 500

interface ToldEvent {
  readonly object: KubernetesObject
  readonly about: string
  readonly atMs: number
}

/**
 * The last word about each Addon and HelmChart, of each server one: what went wrong before something went right is over.
 * Events live for an hour; of more than 500 the newest are kept. Their messages are masked.
 * @see k3s-io/k3s pkg/deploy/controller.go, k3s-io/helm-controller pkg/controllers/chart/chart.go
 */
export async function readEvents(
  client: ApiClient,
  discovery: Discovery,
  refused: Refused,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  const asked = toldAbout.filter(({ group }) => discovery.versions(group).length > 0)
  const lists = await Promise.all(
    asked.map(({ kind, group }) =>
      unlessRefused('/api/v1/events', refused, (path) =>
        listAll(
          client,
          { path, fieldSelector: `involvedObject.kind=${kind}` },
          (event) => toldEvent(event, group),
          signal,
        ),
      ),
    ),
  )
  return lastWords(lists.flatMap((list) => list ?? []))
}

/** The newest event about each object, by each machine that speaks about it. */
export function lastWords(events: readonly ToldEvent[]): readonly KubernetesObject[] {
  const newestFirst = events.toSorted((a, b) => b.atMs - a.atMs)
  const last = new Map<string, KubernetesObject>()
  for (const { about, object } of newestFirst) if (!last.has(about)) last.set(about, object)
  return [...last.values()].slice(0, maxKept)
}

/** @returns undefined for what is no event about an object of the group, or says nothing of how it went */
export function toldEvent(event: Json, group: string): ToldEvent | undefined {
  const metadata = asRecord(event['metadata'])
  const involved = asRecord(event['involvedObject'])
  const name = textIn(metadata['name'])
  const reason = textIn(event['reason'])
  const [kind, involvedName] = [textIn(involved['kind']), textIn(involved['name'])]
  if (name === undefined || reason === undefined || kind === undefined || involvedName === undefined) return undefined
  if (announcements.has(reason) || textIn(involved['apiVersion'])?.startsWith(`${group}/`) !== true) return undefined
  const namespace = textIn(metadata['namespace'])
  const involvedNamespace = textIn(involved['namespace'])
  const host = textIn(asRecord(event['source'])['host']) ?? textIn(event['reportingInstance'])
  const at = timeOf(event)
  const message = textIn(event['message'])
  return {
    about: JSON.stringify([kind, involvedNamespace, involvedName, host]),
    atMs: at === undefined ? 0 : Date.parse(at) || 0,
    object: {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
      ...known({
        type: textIn(event['type']),
        reason,
        message: message === undefined ? undefined : openMessage(message),
        involvedObject: known({ kind, namespace: involvedNamespace, name: involvedName }),
        lastTimestamp: at,
        source: host === undefined ? undefined : { host },
      }),
    },
  }
}

/** An event that is one of many says in its series when it last was; one of the newer API has no `lastTimestamp`. */
function timeOf(event: Json): string | undefined {
  return (
    textIn(asRecord(event['series'])['lastObservedTime']) ??
    textIn(event['lastTimestamp']) ??
    textIn(event['eventTime']) ??
    textIn(asRecord(event['metadata'])['creationTimestamp'])
  )
}

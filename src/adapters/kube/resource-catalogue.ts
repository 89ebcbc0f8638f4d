import { asList, asRecord, textIn, textsIn } from '../../domain/plain-json.ts'
import type { KubeKind, KubeResource } from '../../ports/kube-objects-port.ts'
import type { ApiClient } from './api-client.ts'
import { groupPath } from './object-path.ts'
import { within } from './within.ts'

/** Which kinds the server has, asked once for each version of a group. */
export interface ResourceCatalogue {
  /**
   * @returns undefined when the server does not have it; then it is asked anew, at most once a second
   * @throws Failure as `ApiClient.get`
   */
  find(kind: KubeKind, signal: AbortSignal): Promise<KubeResource | undefined>
  /** The server says it does not have this after all. */
  forget(apiVersion: string): void
}

const missesLiveMs = 1_000

interface Group {
  readonly askedAtMs: number
  readonly byKind: Promise<ReadonlyMap<string, KubeResource>>
}

export function resourceCatalogue(client: ApiClient, nowMs: () => number = () => performance.now()): ResourceCatalogue {
  const groups = new Map<string, Group>()
  const ask = (apiVersion: string): Group => {
    const group = { askedAtMs: nowMs(), byKind: resourcesOf(client, apiVersion) }
    groups.set(apiVersion, group)
    // What could not be asked is not known; whoever waits for it is told.
    group.byKind.catch(() => {
      if (groups.get(apiVersion) === group) groups.delete(apiVersion)
    })
    return group
  }
  return {
    async find({ apiVersion, kind }, signal) {
      const known = groups.get(apiVersion) ?? ask(apiVersion)
      const found = (await within(known.byKind, signal)).get(kind)
      if (found !== undefined || nowMs() - known.askedAtMs < missesLiveMs) return found
      const latest = groups.get(apiVersion)
      const fresh = latest === undefined || latest === known ? ask(apiVersion) : latest
      return (await within(fresh.byKind, signal)).get(kind)
    },
    forget(apiVersion) {
      groups.delete(apiVersion)
    },
  }
}

/** The one who asked first may leave while others wait for the same answer: only the client's time limit ends it. */
const neverAborted = new AbortController().signal

async function resourcesOf(client: ApiClient, apiVersion: string): Promise<ReadonlyMap<string, KubeResource>> {
  const listed = asList(asRecord(await client.get(groupPath(apiVersion), neverAborted))['resources']).map(asRecord)
  const names = listed.flatMap(({ name }) => textIn(name) ?? [])
  const found = new Map<string, KubeResource>()
  for (const { name, kind, namespaced, verbs } of listed) {
    if (typeof name !== 'string' || typeof kind !== 'string' || name.includes('/') || found.has(kind)) continue
    const below = `${name}/`
    found.set(kind, {
      apiVersion,
      kind,
      name,
      isNamespaced: namespaced === true,
      verbs: textsIn(verbs),
      subresources: names.filter((other) => other.startsWith(below)).map((other) => other.slice(below.length)),
    })
  }
  return found
}

import { asList, asRecord, textIn, textsIn } from '../../domain/plain-json.ts'
import type { ApiClient } from './api-client.ts'
import { kubeFailure } from './kube-failures.ts'

/** A collection that the server has. */
export interface ServedResource {
  /** `helm.cattle.io/v1`. */
  readonly apiVersion: string
  /** As in the path: `helmcharts`. */
  readonly name: string
  readonly kind: string
}

export interface Discovery {
  /** Versions that the server has of a group, the preferred one first; empty when it does not have the group. */
  versions(group: string): readonly string[]
  /**
   * Everything in a group that can be listed, each in the best version that has it; in the server's own order.
   * @throws Failure as `ApiClient.get`
   */
  resources(group: string, signal: AbortSignal): Promise<readonly ServedResource[]>
}

/**
 * What the server can do, by asking it.
 * @throws Failure as `ApiClient.get`; KUBE_ANSWER_INVALID when no Kubernetes answers
 */
export async function discover(client: ApiClient, signal: AbortSignal): Promise<Discovery> {
  const answer = await client.get('/apis', signal)
  const { groups: listed } = asRecord(answer)
  if (!Array.isArray(listed)) throw kubeFailure('KUBE_ANSWER_INVALID', `${client.address}/apis`, 'it lists no groups')
  const groups = new Map(listed.map((value) => [textIn(asRecord(value)['name']) ?? '', versionsOf(value)] as const))
  const versions = (group: string): readonly string[] => groups.get(group) ?? []
  return {
    versions,
    async resources(group, signal) {
      const found = new Map<string, ServedResource>()
      for (const version of versions(group)) {
        for (const resource of await resourcesOf(client, `${group}/${version}`, signal)) {
          if (!found.has(resource.name)) found.set(resource.name, resource)
        }
      }
      return [...found.values()]
    },
  }
}

function versionsOf(group: unknown): readonly string[] {
  const { versions, preferredVersion } = asRecord(group)
  const names = asList(versions).flatMap((value) => textIn(asRecord(value)['version']) ?? [])
  const preferred = textIn(asRecord(preferredVersion)['version'])
  return [...new Set([...(preferred === undefined ? [] : [preferred]), ...names])]
}

async function resourcesOf(client: ApiClient, apiVersion: string, signal: AbortSignal): Promise<ServedResource[]> {
  const { resources } = asRecord(await client.get(`/apis/${apiVersion}`, signal))
  return asList(resources).flatMap((value) => {
    const { name, kind, verbs } = asRecord(value)
    // A subresource has a slash in its name.
    if (typeof name !== 'string' || typeof kind !== 'string' || name.includes('/')) return []
    return textsIn(verbs).includes('list') ? [{ apiVersion, name, kind }] : []
  })
}

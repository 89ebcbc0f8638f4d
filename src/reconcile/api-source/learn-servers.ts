import { Failure } from '../../domain/failure.ts'
import { asList, asRecord, numberIn, textIn } from '../../domain/plain-json.ts'
import type { KubeObjectsPort, LiveObject } from '../../ports/kube-objects-port.ts'

/**
 * Where the API servers of the cluster are, as they say themselves: the Endpoints of the Service `kubernetes`, which a
 * kubelet may read.
 *
 * @returns `host:port`, sorted; undefined when the cluster does not say
 * @see k8s.io/kubernetes pkg/controlplane/reconcilers; plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go (`NodeRules`)
 */
export async function learnServers(
  objects: KubeObjectsPort,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const ref = { apiVersion: 'v1', kind: 'Endpoints', namespace: 'default', name: 'kubernetes' }
  const servers = serversIn(await getOrNothing(objects, ref, signal))
  return servers.length === 0 ? undefined : servers
}

/** Not to be allowed to read it, as releases to come may have it, is nothing to complain about: it is a convenience. */
async function getOrNothing(
  objects: KubeObjectsPort,
  ref: Parameters<KubeObjectsPort['get']>[0],
  signal: AbortSignal,
): Promise<LiveObject | undefined> {
  try {
    return await objects.get(ref, signal)
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

function serversIn(endpoints: LiveObject | undefined): readonly string[] {
  const servers = asList(endpoints?.['subsets'])
    .map(asRecord)
    .flatMap((subset) => {
      const ports = asList(subset['ports']).map(asRecord)
      const port = numberIn((ports.find(({ name }) => name === 'https') ?? ports[0])?.['port'])
      const hosts = asList(subset['addresses']).flatMap((address) => textIn(asRecord(address)['ip']) ?? [])
      return port === undefined ? [] : hosts.map((host) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
    })
  return [...new Set(servers)].sort()
}

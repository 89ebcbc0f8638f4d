import type { KubernetesObject, ServicelbDaemonSet } from '../../domain/facts.ts'
import { asRecord, type Json, textIn } from '../../domain/plain-json.ts'
import type { ApiClient } from './api-client.ts'
import { clusterObject, withoutSecretVariables } from './cluster-objects.ts'
import type { Discovery } from './discovery.ts'
import { type EndpointNodes, nodesOfEndpoints, nodesOfSlice } from './endpoint-nodes.ts'
import { listAll } from './list-pages.ts'
import { type Refused, unlessRefused } from './optional-part.ts'
import { networkDaemonSet, type ReadGroup, readConfigMaps, readGroups } from './read-kinds.ts'
import { servicelbDaemonSet } from './servicelb-daemon-sets.ts'

const daemonSet = { apiVersion: 'apps/v1', kind: 'DaemonSet' } as const
const configMap = { apiVersion: 'v1', kind: 'ConfigMap' } as const

/**
 * From slices in the version that the server has; from Endpoints where it has none. A server that knows slices, but
 * whose controllers make none yet, has not even one for itself.
 * @see kubernetes/kubernetes v1.17: the gate `EndpointSlice` is off, its API is there
 */
export async function readEndpoints(
  client: ApiClient,
  discovery: Discovery,
  refused: Refused,
  signal: AbortSignal,
): Promise<readonly EndpointNodes[] | undefined> {
  const version = ['v1', 'v1beta1'].find((one) => discovery.versions('discovery.k8s.io').includes(one))
  if (version !== undefined) {
    const slices = await unlessRefused(`/apis/discovery.k8s.io/${version}/endpointslices`, refused, (path) =>
      listAll(client, { path }, nodesOfSlice, signal),
    )
    if (slices === undefined || slices.length > 0) return slices
  }
  return await unlessRefused('/api/v1/endpoints', refused, (path) =>
    listAll(client, { path }, nodesOfEndpoints, signal),
  )
}

/** Those of ServiceLB in its own words, those of network plugins as they are; in one list. */
export async function readDaemonSets(
  client: ApiClient,
  refused: Refused,
  signal: AbortSignal,
): Promise<
  { readonly servicelb: readonly ServicelbDaemonSet[]; readonly network: readonly KubernetesObject[] } | undefined
> {
  const found = await unlessRefused('/apis/apps/v1/daemonsets', refused, (path) =>
    listAll(client, { path }, servicelbOrNetwork, signal),
  )
  if (found === undefined) return undefined
  return {
    servicelb: found.flatMap((one) => ('service' in one ? [one.service] : [])),
    network: found.flatMap((one) => ('network' in one ? [one.network] : [])),
  }
}

function servicelbOrNetwork(
  object: Json,
): { readonly service: ServicelbDaemonSet } | { readonly network: KubernetesObject } | undefined {
  const service = servicelbDaemonSet(object)
  if (service !== undefined) return { service }
  const name = textIn(asRecord(object['metadata'])['name']) ?? ''
  const network = networkDaemonSet.test(name) ? clusterObject(daemonSet, object) : undefined
  return network === undefined ? undefined : { network: withoutSecretVariables(network) }
}

/** Whatever the server has of the kinds that decide about the network, and ConfigMaps by name. */
export async function readObjects(
  client: ApiClient,
  discovery: Discovery,
  refused: Refused,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  const wanted = readGroups.filter(
    ({ unlessGroup }) => unlessGroup === undefined || discovery.versions(unlessGroup).length === 0,
  )
  const groups = await Promise.all(wanted.map((group) => readGroup(client, discovery, group, refused, signal)))
  const configMaps = await Promise.all(readConfigMaps.map((name) => readConfigMap(client, name, refused, signal)))
  return [...groups.flat(), ...configMaps.flat()]
}

async function readGroup(
  client: ApiClient,
  discovery: Discovery,
  { group, resources }: ReadGroup,
  refused: Refused,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  const served = await unlessRefused(`/apis/${group}`, refused, () => discovery.resources(group, signal))
  const wanted = (served ?? []).filter(({ name }) => resources === undefined || resources.includes(name))
  const lists = await Promise.all(
    wanted.map((resource) =>
      unlessRefused(`/apis/${resource.apiVersion}/${resource.name}`, refused, (path) =>
        listAll(client, { path }, (object) => clusterObject(resource, object), signal),
      ),
    ),
  )
  return lists.flatMap((list) => list ?? [])
}

async function readConfigMap(
  client: ApiClient,
  qualifiedName: string,
  refused: Refused,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  const [namespace, name] = qualifiedName.split('/')
  const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`
  const answer = await unlessRefused(path, refused, () => client.get(path, signal))
  const object = answer === undefined ? undefined : clusterObject(configMap, asRecord(answer))
  return object === undefined ? [] : [object]
}

import type { ClusterObservation, ObservedDaemonSet } from '../../domain/cluster-observation.ts'
import type { Facts, KubernetesObject, NodeFacts, ServiceFacts } from '../../domain/facts.ts'
import { compareK3sVersions, type K3sVersion, parseK3sVersion } from '../../k3s/version/k3s-version.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeObjectsPort, KubeWatchPort, VersionedStore } from '../../ports/kube-objects-port.ts'
import type { WatchedClusterPort, WatchedPart } from '../../ports/watched-cluster-port.ts'
import { clusterObject } from './cluster-objects.ts'
import { nodeFacts } from './node-facts.ts'
import { serviceFacts } from './service-facts.ts'
import { nodeSelectorLabel, servicelbDaemonSet } from './servicelb-daemon-sets.ts'
import { watchWhenServed } from './watched-when-served.ts'

/** Kinds of K3s that a server may not have, or not yet. */
const k3sKinds = [
  { apiVersion: 'helm.cattle.io/v1', kind: 'HelmChart' },
  { apiVersion: 'helm.cattle.io/v1', kind: 'HelmChartConfig' },
  { apiVersion: 'k3s.cattle.io/v1', kind: 'Addon' },
] as const

/** Watches what programs are made of, and what the labels of the cluster depend on. Ends with `signal`. */
export function watchCluster(
  objects: Pick<KubeObjectsPort, 'resource'> & KubeWatchPort,
  clock: Pick<ClockPort, 'sleep'>,
  changed: (part: WatchedPart) => void,
  signal: AbortSignal,
): WatchedClusterPort {
  let facts: Facts | undefined
  const told = (part: WatchedPart) => (): void => {
    facts = undefined
    changed(part)
  }
  const nodes = objects.watchPicked({ apiVersion: 'v1', kind: 'Node' }, nodeFacts, told('nodes'), signal)
  const services = objects.watchPicked(
    { apiVersion: 'v1', kind: 'Service' },
    (service) => serviceFacts(service, undefined),
    told('services'),
    signal,
  )
  const daemonSets = objects.watchPicked(
    { apiVersion: 'apps/v1', kind: 'DaemonSet', labelSelector: nodeSelectorLabel },
    observedDaemonSet,
    told('daemon-sets'),
    signal,
  )
  const others = k3sKinds.map((kind) =>
    watchWhenServed(objects, clock, kind, (object) => clusterObject(kind, object), told('objects'), signal),
  )
  const ready = Promise.all([nodes.ready, services.ready, daemonSets.ready]).then(() => undefined)
  ready.catch(() => undefined)
  return {
    ready,
    isCurrent: () => [nodes, services, daemonSets].every((store) => store.state().kind !== 'interrupted'),
    facts() {
      facts ??= factsOf(
        nodes,
        services,
        daemonSets,
        others.flatMap((store) => [...(store()?.items() ?? [])]),
      )
      return facts
    },
    observed: () => observation(nodes, services, daemonSets),
  }
}

type Nodes = VersionedStore<NodeFacts | undefined>
type Services = VersionedStore<ServiceFacts | undefined>
type DaemonSets = VersionedStore<ObservedDaemonSet | undefined>

function observedDaemonSet(
  daemonSet: Parameters<Parameters<KubeWatchPort['watchPicked']>[1]>[0],
): ObservedDaemonSet | undefined {
  const servicelb = servicelbDaemonSet(daemonSet)
  const { namespace, name, uid } = daemonSet.metadata
  return servicelb === undefined || namespace === undefined ? undefined : { ...servicelb, namespace, name, uid }
}

function factsOf(
  nodes: Nodes,
  services: Services,
  daemonSets: DaemonSets,
  objects: readonly (KubernetesObject | undefined)[],
): Facts {
  return {
    origin: 'live',
    nodes: present(nodes.items()).sort((a, b) => order(a.name, b.name)),
    hasAllNodes: true,
    services: present(services.items()).sort((a, b) => order(serviceKey(a), serviceKey(b))),
    servicelbDaemonSets: present(daemonSets.items())
      .map(({ service, nodeSelector }) => ({ service, nodeSelector }))
      .sort((a, b) => order(a.service, b.service)),
    objects: present(objects).sort((a, b) => order(objectOrder(a), objectOrder(b))),
  }
}

function observation(nodes: Nodes, services: Services, daemonSets: DaemonSets): ClusterObservation {
  const release = lowestRelease(present(nodes.items()))
  return {
    nodes: new Map(
      present(nodes.items()).flatMap(({ name, labels }) => {
        const version = nodes.version(name)
        return version === undefined ? [] : [[name, { name, labels, ...version }] as const]
      }),
    ),
    services: new Map(
      present(services.items()).flatMap((service) => {
        const key = serviceKey(service)
        const version = services.version(key)
        return version === undefined ? [] : [[key, { ...service, ...version }] as const]
      }),
    ),
    daemonSets: present(daemonSets.items()),
    ...(release === undefined ? {} : { k3sVersion: release.text }),
  }
}

function lowestRelease(nodes: readonly NodeFacts[]): K3sVersion | undefined {
  return nodes
    .flatMap(({ role, k3sVersion }) => (role === 'server' ? (parseK3sVersion(k3sVersion ?? '') ?? []) : []))
    .sort(compareK3sVersions)[0]
}

function present<T>(items: Iterable<T | undefined>): T[] {
  return [...items].filter((item) => item !== undefined)
}

function serviceKey({ namespace, name }: ServiceFacts): string {
  return `${namespace}/${name}`
}

function objectOrder({ apiVersion, kind, metadata }: KubernetesObject): string {
  return [apiVersion, kind, metadata.namespace ?? '', metadata.name].join('\n')
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

import { isSwitchedOn, scalarOf } from '../../k3s/config/effective-settings.ts'
import { preemptsOrdinaryPods } from '../../k3s/servicelb/host-ports.ts'
import type { PredictedPod } from '../../k3s/servicelb/prediction.ts'
import { remembered } from '../../k3s/servicelb/remembered.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'
import { isServicelbOn, predictionsToCome } from './cluster-to-come.ts'
import { servedServices, servicesToCome } from './services-to-come.ts'

const source = 'k3s-io/k3s pkg/cloudprovider/servicelb.go'

export const portOfPod: Rule = {
  id: 'slb-port-hostport',
  severity: 'warning',
  title: 'a pod has a port of its node that a LoadBalancer Service wants',
  why: 'before 1.27.15 / 1.28.11 / 1.29.6 / 1.30.2 the Service stays pending on that node, later the pod is expected to be pushed away',
  fix: 'choose another port for one of them, or keep the Service away from the node with a pool',
  versions: 'every version',
  looksAt: ['live'],
  sources: [source],
  check(subject) {
    const { version } = subject
    // Without pods that somebody saw there is nothing to hold a port but other Services.
    if (version === undefined || (subject.facts.hostPortPods ?? []).every((pod) => pod.servicelbOf !== undefined))
      return []
    const services = new Map(servicesToCome(subject).map((one) => [one.key, one]))
    const hinderedOf = remembered((pods: readonly PredictedPod[]) => pods.filter(meetsOrdinaryPod))
    return predictionsToCome(subject).flatMap(({ key, service, ideal }) => {
      const hindered = hinderedOf(ideal.pods)
      if (hindered.length === 0) return []
      const at = services.get(key)?.at('spec', 'ports') ?? subject.at
      const pushes = preemptsOrdinaryPods(service, version)
      return hindered.flatMap((pod): Finding[] => {
        if (pod.state === 'ready') {
          return [{ at, what: `${key} wants a port that ${pod.preempts ?? ''} has on ${pod.node}`, why: pushedAway }]
        }
        if (pod.state !== 'pending' || pushes) return []
        return [{ at, what: `${key} wants ${pod.port}, which ${pod.heldBy.key} has on ${pod.node}`, why: waits }]
      })
    })
  },
}

function meetsOrdinaryPod(pod: PredictedPod): boolean {
  if (pod.state === 'ready') return pod.preempts !== undefined
  return pod.state === 'pending' && pod.heldBy.kind === 'pod'
}

const pushedAway =
  "the Service's pods have the priority of node-critical ones and are expected to push the other pod away"
const waits = "the Service's pod stays pending on that node, with all of its ports"

export const portOfK3s: Rule = {
  id: 'slb-port-k3s',
  severity: 'error',
  title: 'a LoadBalancer Service wants a port that K3s or the machine itself listens on',
  why: 'the port is translated before the machine sees the packet, so the Service takes it over on its nodes: the node, the API or the way in is lost',
  fix: 'choose another port, or keep the Service away from these nodes with a pool',
  versions: 'every version',
  looksAt: ['manifests', 'live', 'settings'],
  sources: ['k3s-io/docs docs/installation/requirements.md', 'k3s-io/docs docs/installation/registry-mirror.md'],
  check(subject) {
    if (!isServicelbOn(subject)) return []
    const owned = ownedPorts(subject)
    const placed = new Map(predictionsToCome(subject).map(({ key, ideal }) => [key, ideal.candidates]))
    return servedServices(subject).flatMap(({ service, key, at }) =>
      (service.ports ?? []).flatMap(({ port, protocol }, index): Finding[] => {
        const owners = owned.get(`${port}/${protocol}`)
        if (owners === undefined) return []
        const node = (placed.get(key) ?? [...owners.keys()]).find((name) => owners.has(name))
        if (node === undefined) return []
        const what = `Service ${key} wants ${port}/${protocol}, the port of ${owners.get(node)}`
        return [{ at: at('spec', 'ports', index, 'port'), what }]
      }),
    )
  },
}

/** Who listens on which port (`22/TCP`), by node. */
function ownedPorts(subject: LintSubject): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const servers = serversOf(subject)
  const hasRegistry = servers.some(({ settings }) => isSwitchedOn(settings, 'embedded-registry'))
  const tunnels = tunnelPorts(servers[0])
  const owned = new Map<string, Map<string, string>>()
  for (const node of subject.nodes) {
    const ports = [
      ...everyNodesPorts,
      ...tunnels,
      ...(hasRegistry ? registryPorts : []),
      ...(node.role === 'server' ? [...serverPorts, apiPort(node)] : []),
    ]
    for (const [port, owner] of ports) {
      const owners = owned.get(port) ?? new Map<string, string>()
      owned.set(port, owners.set(node.name, owner))
    }
  }
  return owned
}

type OwnedPort = readonly [port: string, owner: string]

function apiPort({ settings }: NodeSubject): OwnedPort {
  return [`${scalarOf(settings, 'https-listen-port')?.text ?? '6443'}/TCP`, 'the API server']
}

/** Those of flannel's own tunnel: servers tell every node which backend there is. */
function tunnelPorts(server: NodeSubject | undefined): readonly OwnedPort[] {
  if (server === undefined) return []
  const backend = scalarOf(server.settings, 'flannel-backend')?.text ?? 'vxlan'
  if (backend === 'vxlan') return [['8472/UDP', 'flannel']]
  return backend === 'wireguard-native'
    ? [
        ['51820/UDP', 'flannel'],
        ['51821/UDP', 'flannel'],
      ]
    : []
}

const everyNodesPorts: readonly OwnedPort[] = [
  ['22/TCP', 'SSH'],
  ['6444/TCP', "K3s's own load balancer"],
  ['10010/TCP', 'containerd'],
  ['10248/TCP', 'the kubelet'],
  ['10249/TCP', 'kube-proxy'],
  ['10250/TCP', 'the kubelet'],
  ['10256/TCP', 'kube-proxy'],
]

const registryPorts: readonly OwnedPort[] = [
  ['5001/TCP', 'the embedded registry'],
  ['6443/TCP', 'the embedded registry'],
]

const serverPorts: readonly OwnedPort[] = [
  ['2379/TCP', 'etcd'],
  ['2380/TCP', 'etcd'],
  ['2381/TCP', 'etcd'],
  ['2382/TCP', 'etcd'],
  ['10257/TCP', 'the controller manager'],
  ['10258/TCP', 'the cloud controller'],
  ['10259/TCP', 'the scheduler'],
]

export const portInNodePortRange: Rule = {
  id: 'slb-port-nodeport',
  severity: 'warning',
  title: 'a port of a LoadBalancer Service lies in the range of NodePorts',
  why: 'Kubernetes may give the same number to a NodePort, and on its nodes one of the two would hide the other',
  fix: 'choose a port outside the range',
  versions: 'every version',
  looksAt: ['manifests', 'live', 'settings'],
  sources: [source, 'kubernetes/website content/en/docs/concepts/services-networking/service.md'],
  check(subject) {
    if (!isServicelbOn(subject)) return []
    const [server] = serversOf(subject)
    const text =
      (server === undefined ? undefined : scalarOf(server.settings, 'service-node-port-range')?.text) ?? '30000-32767'
    const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(text.trim()) ?? []
    if (first === undefined || last === undefined) return []
    return servedServices(subject).flatMap(({ service, key, at }) =>
      (service.ports ?? []).flatMap(({ port }, index): Finding[] =>
        port >= Number(first) && port <= Number(last)
          ? [
              {
                at: at('spec', 'ports', index, 'port'),
                what: `Service ${key} wants ${port}, and NodePorts are ${text.trim()}`,
              },
            ]
          : [],
      ),
    )
  },
}

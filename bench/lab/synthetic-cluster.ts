import type { Capture } from '../../src/domain/capture.ts'
import type { Facts, NodeFacts, ServiceFacts, ServicePort } from '../../src/domain/facts.ts'
import { enableLabel, poolLabel } from '../../src/k3s/servicelb-labels.ts'

/** One cluster directory of ordinary size: network, two NodeNetworks, four manifests. Path below it → text. */
export function clusterFiles(name: string): Readonly<Record<string, string>> {
  const manifest = (index: number): string =>
    ['ConfigMap', 'ServiceAccount', 'Namespace']
      .map((kind) => `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: app-${index}\n  namespace: apps\n`)
      .join('---\n')
  return {
    'network.yaml': `apiVersion: fairlead.dev/v1alpha1
kind: ClusterNetwork
metadata: { name: ${name} }
spec:
  k3sVersion: v1.33.4+k3s1
  addressing:
    clusterCIDR: [10.0.0.0/8]
    serviceCIDR: [172.16.0.0/12]
    clusterDNS: [172.16.0.10]
  cni: { flannel: { backend: vxlan, directRouting: true } }
  components:
    coredns:
      custom: { lan.server: "lan:53 {\\n  forward . 192.168.1.1\\n}\\n" }
    traefik:
      values: { ports: { web: { exposedPort: 80 } }, service: { labels: { team: net } } }
  loadBalancer:
    pools:
      - { name: edge, nodes: { matchLabels: { pool: edge } }, services: [{ namespace: apps, name: service-1 }] }
      - { name: core, nodes: { matchLabels: { pool: core } }, services: [{ namespace: apps, name: service-2 }] }
`,
    'nodes/edge.yaml': `apiVersion: fairlead.dev/v1alpha1
kind: NodeNetwork
metadata: { name: edge }
spec: { nodes: { matchLabels: { pool: edge } }, flannelInterface: eth1 }
`,
    'nodes/core.yaml': `apiVersion: fairlead.dev/v1alpha1
kind: NodeNetwork
metadata: { name: core }
spec: { nodes: { matchLabels: { pool: core } }, k3sFlags: { resolv-conf: /etc/resolv.k3s.conf } }
`,
    ...Object.fromEntries([1, 2, 3, 4].map((index) => [`manifests/app-${index}.yaml`, manifest(index)])),
  }
}

/** A living cluster of `size` nodes, one in a hundred a server, and as many LoadBalancer Services. */
export function syntheticCapture(name: string, size: number): Capture {
  const numbers = Array.from({ length: size }, (_, index) => index)
  return captureOf(name, { origin: 'capture', nodes: numbers.map(nodeFacts), services: numbers.map(serviceFacts) })
}

/**
 * The same cluster with the pods of ServiceLB as they run: racks of a hundred nodes, each a pool of its own, and each
 * Service in one of them, on all of its nodes. Every rack has the same ports.
 */
export function syntheticCaptureWithPods(name: string, size: number): Capture {
  const { facts } = syntheticCapture(name, size)
  const racks = Math.ceil(size / rackSize)
  const nodes = facts.nodes.map((node, index) => {
    const pool = poolOfRack(Math.floor(index / rackSize))
    return { ...node, labels: { pool, [enableLabel]: 'true', [poolLabel]: pool } }
  })
  const placed = facts.services.map((service, index) => {
    // The documents put the second Service into the first pool.
    const slot = index + racks - 1
    const rack = slot % racks
    const ports = portsOf(Math.floor(slot / racks))
    return { service: { ...service, labels: { [poolLabel]: poolOfRack(rack) }, ports }, rack, ports }
  })
  return captureOf(name, {
    ...facts,
    nodes,
    services: placed.map(({ service }) => service),
    hostPortPods: placed.flatMap(({ service, rack, ports }) =>
      nodes.slice(rack * rackSize, (rack + 1) * rackSize).map((node) => ({
        namespace: 'kube-system',
        name: `svclb-${service.name}-${node.name}`,
        node: node.name,
        ports,
        servicelbOf: `${service.namespace}/${service.name}`,
        isReady: true,
      })),
    ),
  })
}

const rackSize = 100

/** The first two are the pools of the documents. */
function poolOfRack(rack: number): string {
  return ['edge', 'core'][rack] ?? `rack-${rack}`
}

function captureOf(name: string, facts: Facts): Capture {
  return {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'Capture',
    metadata: { name, capturedAt: '2026-01-01T00:00:00Z', fairleadVersion: '0.1.0' },
    facts,
    observations: {},
    inventories: {},
  }
}

function nodeFacts(index: number): NodeFacts {
  return {
    name: `node-${index}`,
    role: index % 100 === 0 ? 'server' : 'agent',
    labels: { pool: index % 2 === 0 ? 'edge' : 'core' },
    addresses: [`192.168.${index >> 8}.${index & 255}`],
    k3sVersion: 'v1.33.4+k3s1',
  }
}

function serviceFacts(index: number): ServiceFacts {
  return {
    namespace: 'apps',
    name: `service-${index}`,
    type: 'LoadBalancer',
    labels: {},
    ports: portsOf(index),
    ipFamilies: [4],
    externalTrafficPolicy: 'Cluster',
  }
}

/** Beside the ports of K3s and of NodePorts. */
function portsOf(index: number): readonly ServicePort[] {
  return [{ protocol: 'TCP', port: 20_000 + index }]
}

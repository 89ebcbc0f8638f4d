import type { ApiWriter } from '../../test/cluster/api-writer.ts'

/** One in a hundred is a server, every node has a network for its pods as flannel announces it. */
export async function fillCluster(writer: ApiWriter, nodes: number, services: number): Promise<void> {
  await writer.createUnlessThere('/api/v1/namespaces', { metadata: { name: 'kube-system' } })
  await writer.createUnlessThere('/api/v1/namespaces', { metadata: { name: 'apps' } })
  const numbers = Array.from({ length: nodes }, (_, index) => index)
  await writer.createAll('/api/v1/nodes', numbers.map(nodeObject))
  const rest = numbers.values()
  const worker = async (): Promise<void> => {
    for (const index of rest) await writer.setStatus(`/api/v1/nodes/${nodeName(index)}`, nodeStatus(index))
  }
  await Promise.all(Array.from({ length: 16 }, worker))
  await writer.createAll(
    '/api/v1/namespaces/apps/services',
    Array.from({ length: services }, (_, index) => serviceObject(index)),
  )
}

export function nodeName(index: number): string {
  return `node-${String(index).padStart(4, '0')}`
}

export function nodeObject(index: number) {
  const server = index % 100 === 0 ? { 'node-role.kubernetes.io/control-plane': 'true' } : {}
  return {
    metadata: {
      name: nodeName(index),
      labels: { ...server, rack: `rack-${index % 40}`, 'kubernetes.io/arch': 'arm64', 'kubernetes.io/os': 'linux' },
      annotations: {
        'flannel.alpha.coreos.com/backend-type': 'vxlan',
        'flannel.alpha.coreos.com/backend-data': '{"VNI":1,"VtepMAC":"aa:bb:cc:dd:ee:ff"}',
        'flannel.alpha.coreos.com/public-ip': addressOf(index),
        'k3s.io/node-args': index % 100 === 0 ? '["server"]' : '["agent"]',
        'k3s.io/hostname': nodeName(index),
      },
    },
    spec: { podCIDR: podCidr(index), podCIDRs: [podCidr(index)] },
  }
}

/** As large as a kubelet writes it: fifty images, as many conditions as there are. */
function nodeStatus(index: number) {
  const at = '2026-01-01T00:00:00Z'
  const condition = (type: string, status: string) => ({
    type,
    status,
    lastHeartbeatTime: at,
    lastTransitionTime: at,
    reason: `Kubelet${type}`,
    message: `kubelet says ${type} is ${status}`,
  })
  return {
    addresses: [
      { type: 'InternalIP', address: addressOf(index) },
      { type: 'Hostname', address: nodeName(index) },
    ],
    conditions: [
      condition('MemoryPressure', 'False'),
      condition('DiskPressure', 'False'),
      condition('PIDPressure', 'False'),
      condition('Ready', 'True'),
    ],
    nodeInfo: {
      machineID: `machine-${index}`,
      systemUUID: `system-${index}`,
      bootID: `boot-${index}`,
      kernelVersion: '6.1.0',
      osImage: 'Debian GNU/Linux 12 (bookworm)',
      containerRuntimeVersion: 'containerd://2.0.5-k3s1',
      kubeletVersion: 'v1.33.4+k3s1',
      kubeProxyVersion: 'v1.33.4+k3s1',
      operatingSystem: 'linux',
      architecture: 'arm64',
    },
    images: Array.from({ length: 50 }, (_, image) => ({
      names: [
        `registry.example/library/image-${image}@sha256:${String(image).repeat(64).slice(0, 64)}`,
        `registry.example/library/image-${image}:1.${index % 10}`,
      ],
      sizeBytes: 10_000_000 + image,
    })),
  }
}

function serviceObject(index: number) {
  return {
    metadata: { name: `service-${index}`, labels: { app: `app-${index}` } },
    spec: {
      type: index % 10 === 0 ? 'NodePort' : 'ClusterIP',
      selector: { app: `app-${index}` },
      ports: [{ name: 'http', port: 80, targetPort: 8080 }],
    },
  }
}

function addressOf(index: number): string {
  return `192.168.${index >> 8}.${index & 255}`
}

function podCidr(index: number): string {
  return `10.${128 + (index >> 8)}.${index & 255}.0/24`
}

import { expect, test } from 'vitest'
import { inboundPorts, type PortShape } from '../../../src/k3s/ports/inbound-ports.ts'

const vxlan: PortShape = {
  apiPort: 6443,
  overlay: [{ protocol: 'udp', port: 8472, family: 'any' }],
  hasEmbeddedEtcd: false,
  embeddedRegistry: false,
}

function printed(shape: PortShape): readonly string[] {
  return inboundPorts(shape).map(
    ({ use, protocol, first, last, from, to }) => `${use} ${protocol} ${first}-${last} ${from}>${to}`,
  )
}

test('a default cluster needs the API server, VXLAN and the kubelet', () => {
  expect(printed(vxlan)).toEqual([
    'api tcp 6443-6443 nodes>servers',
    'overlay udp 8472-8472 nodes>nodes',
    'kubelet tcp 10250-10250 nodes>nodes',
  ])
})

test('etcd is among servers, the registry among all nodes on the port of the API server too', () => {
  const shape: PortShape = { ...vxlan, apiPort: 7443, overlay: [], hasEmbeddedEtcd: true, embeddedRegistry: true }
  expect(printed(shape)).toEqual([
    'api tcp 7443-7443 nodes>servers',
    'etcd tcp 2379-2380 servers>servers',
    'kubelet tcp 10250-10250 nodes>nodes',
    'registry tcp 7443-7443 nodes>nodes',
    'registry-peer tcp 5001-5001 nodes>nodes',
  ])
})

test("IPsec's own protocol has no port", () => {
  const shape: PortShape = {
    ...vxlan,
    overlay: [
      { protocol: 'esp', family: 'any' },
      { protocol: 'udp', port: 500, family: 'any' },
    ],
  }
  expect(printed(shape)).toContain('overlay udp 500-500 nodes>nodes')
  expect(printed(shape)).toHaveLength(3)
})

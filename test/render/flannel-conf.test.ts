import { describe, expect, test } from 'vitest'
import { needsFlannelConf, renderFlannelConf } from '../../src/render/flannel-conf.ts'
import { desiredState } from '../lab/desired-state.ts'

const families = {
  'K3s defaults': {
    addressing: {},
    head: { Network: '10.42.0.0/16', EnableIPv4: true, EnableIPv6: false, IPv6Network: '::/0' },
  },
  IPv4: {
    addressing: { clusterCIDR: ['10.50.0.0/16'] },
    head: { Network: '10.50.0.0/16', EnableIPv4: true, EnableIPv6: false, IPv6Network: '::/0' },
  },
  'both families': {
    addressing: { clusterCIDR: ['fd00:50::/56', '10.50.0.0/16'] },
    head: { Network: '10.50.0.0/16', EnableIPv4: true, EnableIPv6: true, IPv6Network: 'fd00:50::/56' },
  },
  'IPv6 alone': {
    addressing: { clusterCIDR: ['fd00:50::/56'] },
    head: { Network: '0.0.0.0/0', EnableIPv4: false, EnableIPv6: true, IPv6Network: 'fd00:50::/56' },
  },
} as const

const backends: readonly { readonly name: string; readonly flannel: unknown; readonly backend: unknown }[] = [
  { name: 'direct routing', flannel: { directRouting: true }, backend: { Type: 'vxlan', DirectRouting: true } },
  {
    name: 'VNI, port and MTU',
    flannel: { vxlan: { vni: 7, port: 4789, mtu: 1400 } },
    backend: { Type: 'vxlan', VNI: 7, Port: 4789, MTU: 1400 },
  },
  {
    name: 'group policy and learning beside direct routing',
    flannel: { backend: 'vxlan', directRouting: true, vxlan: { gbp: true, learning: true } },
    backend: { Type: 'vxlan', DirectRouting: true, GBP: true, Learning: true },
  },
  {
    name: 'wireguard with the keep-alive that K3s writes',
    flannel: { backend: 'wireguard-native', wireguard: { mode: 'auto', listenPort: 51900 } },
    backend: { Type: 'wireguard', PersistentKeepaliveInterval: 25, Mode: 'auto', ListenPort: 51900 },
  },
  {
    name: 'wireguard with everything of its own',
    flannel: {
      backend: 'wireguard-native',
      wireguard: { mode: 'separate', listenPort: 1, listenPortV6: 2, persistentKeepaliveInterval: 0, mtu: 1420 },
    },
    backend: {
      Type: 'wireguard',
      PersistentKeepaliveInterval: 0,
      Mode: 'separate',
      ListenPort: 1,
      ListenPortV6: 2,
      MTU: 1420,
    },
  },
]

describe.each(Object.entries(families))('with %s', (_name, { addressing, head }) => {
  test.each(backends)('$name', ({ flannel, backend }) => {
    const file = renderFlannelConf(desiredState({ addressing, cni: { flannel } }).cluster)
    expect(JSON.parse(file?.text ?? '')).toEqual({ ...head, Backend: backend })
    expect(file).toMatchObject({
      path: '/etc/rancher/k3s/fairlead/flannel.json',
      location: 'flannel-conf',
      origin: 'spec.cni.flannel',
    })
  })
})

test('the file is the same, byte for byte, however the options were written', () => {
  const one = desiredState({ cni: { flannel: { vxlan: { vni: 7, mtu: 1400 }, directRouting: true } } })
  const other = desiredState({ cni: { flannel: { directRouting: true, vxlan: { mtu: 1400, vni: 7 } } } })
  expect(renderFlannelConf(one.cluster)?.text).toBe(`{
  "Network": "10.42.0.0/16",
  "EnableIPv4": true,
  "EnableIPv6": false,
  "IPv6Network": "::/0",
  "Backend": {
    "Type": "vxlan",
    "DirectRouting": true,
    "VNI": 7,
    "MTU": 1400
  }
}
`)
  expect(renderFlannelConf(other.cluster)).toEqual(renderFlannelConf(one.cluster))
})

test.each([
  ['a default flannel', {}],
  ['wireguard-native alone', { flannel: { backend: 'wireguard-native' } }],
  ['host-gw', { flannel: { backend: 'host-gw' } }],
  ['options of another backend', { flannel: { backend: 'host-gw', directRouting: true, vxlan: { vni: 7 } } }],
  ['wireguard options beside vxlan', { flannel: { wireguard: { listenPort: 51900 } } }],
  ['a backend that is off', { flannel: { backend: 'none', vxlan: { vni: 7 } } }],
  ['another plugin', { plugin: 'calico', flannel: { directRouting: true } }],
])('%s needs no file: K3s writes its own', (_name, cni) => {
  const { cluster } = desiredState({ cni })
  expect(needsFlannelConf(cluster)).toBe(false)
  expect(renderFlannelConf(cluster)).toBeUndefined()
})

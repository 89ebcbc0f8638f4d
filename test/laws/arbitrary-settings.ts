import fc from 'fast-check'
import { allFlags } from '../../src/k3s/flags/flag-catalogue.ts'
import { awkwardText } from './arbitrary-documents.ts'

type FlagText = string | readonly string[]

const on = ['true', 'true', 'false'] as const

/** Values that mean something to a rule, by the flag that they are written for. */
const tellingValues: Readonly<Record<string, readonly FlagText[]>> = {
  'cluster-cidr': [
    '10.42.0.0/16',
    '10.42.0.0/16,fd00:42::/56',
    'fd00:42::/56',
    'fd00:42::/56,10.42.0.0/16',
    '10.42.1.0/16',
    '10.42.0.0/25',
    '10.0.0.0/8',
    '10.42.0.0/16,10.52.0.0/16,fd00:42::/56',
  ],
  'service-cidr': ['10.43.0.0/16', '10.43.0.0/16,fd00:43::/112', 'fd00:43::/112', '10.43.0.0/26', '10.0.0.0/8'],
  'cluster-dns': ['10.43.0.10', 'fd00:43::a', '10.44.0.10', '10.43.0.10,fd00:43::a'],
  'cluster-domain': ['cluster.local', 'Lab', 'local'],
  'service-node-port-range': ['30000-32767', '20000-20100', '80-7000', 'many'],
  'egress-selector-mode': ['agent', 'cluster', 'pod', 'disabled', 'tunnel'],
  'disable-agent': on,
  'flannel-backend': [
    'vxlan',
    'host-gw',
    'wireguard-native',
    'wireguard',
    'ipsec',
    'none',
    'wireguard-native=Mode=separate',
  ],
  'flannel-ipv6-masq': on,
  'flannel-external-ip': on,
  'flannel-iface': ['eth0', 'eth1', 'wlan0', 'gone0'],
  'flannel-conf': ['/etc/flannel.json'],
  'flannel-cni-conf': ['/etc/cni.json'],
  'disable-network-policy': on,
  'disable-kube-proxy': on,
  'disable-cloud-controller': on,
  'disable-helm-controller': on,
  'embedded-registry': on,
  'multi-cluster-cidr': on,
  'cluster-init': on,
  docker: on,
  disable: [['traefik'], ['coredns', 'servicelb'], ['traefik', 'servicelb', 'lan'], ['traefk'], ['']],
  'node-ip': ['192.168.1.11', 'fd00:1::11,192.168.1.11', '192.168.1.11,fd00:1::11', '127.0.0.1', '10.42.0.9', 'pi-1'],
  'node-external-ip': ['203.0.113.9', '203.0.113.9, 2001:db8::9', '10.42.0.1'],
  'node-name': ['pi-1', 'Pi_1'],
  'node-label': [['zone=a'], ['kubernetes.io/role=x'], ['svccontroller.k3s.cattle.io/enablelb=true']],
  'node-taint': [['dedicated=x:NoSchedule'], ['x']],
  'advertise-address': ['192.168.1.11', 'fd00:1::11'],
  'https-listen-port': ['6443', '443'],
  'resolv-conf': ['/run/systemd/resolve/stub-resolv.conf', '/etc/other.conf'],
  'tls-san': [['k3s.lan'], ['k3s.lan,10.0.0.1']],
  token: ['********'],
  'agent-token': ['a', 'b'],
  server: ['https://10.0.0.1:6443', 'https://10.0.0.1', 'http://10.0.0.1:6443'],
  'servicelb-namespace': ['lb', 'kube-system'],
  'kubelet-arg': [['cloud-provider=external'], ['max-pods=300'], ['node-ip=::'], ['resolv-conf=/etc/other.conf']],
  'kube-proxy-arg': [['proxy-mode=ipvs'], ['proxy-mode=nftables'], ['metrics-bind-address=0.0.0.0']],
  'kube-controller-manager-arg': [
    ['node-cidr-mask-size=16'],
    ['node-cidr-mask-size-ipv4=26'],
    ['node-cidr-mask-size-ipv6=60'],
  ],
  'kube-apiserver-arg': [['service-cluster-ip-range=10.43.0.0/16']],
  'vpn-auth': ['name=tailscale,joinKey=x', 'name=tailscale,joinKey=x,extraArgs=--a', 'name=zerotier'],
  'no-flannel': on,
  'no-deploy': [['traefik']],
  'node-internal-dns': [['pi.lan']],
}

const telling: fc.Arbitrary<readonly [string, FlagText]> = fc
  .constantFrom(...Object.entries(tellingValues))
  .chain(([key, values]) => fc.constantFrom(...values).map((value) => [key, value] as const))

const meaningful = fc.constantFrom(...new Set(Object.values(tellingValues).flat(2)))
export const text = fc.oneof({ weight: 3, arbitrary: meaningful }, awkwardText)

/** Some that belong together, and some that nobody would write. */
export const settings: fc.Arbitrary<Record<string, FlagText>> = fc
  .tuple(
    fc.array(telling, { maxLength: 8 }),
    fc.dictionary(
      fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...allFlags.map(({ name }) => name)) }, awkwardText),
      fc.oneof(text, fc.array(text, { maxLength: 3 })),
      { maxKeys: 4 },
    ),
  )
  .map(([known, any]) => ({ ...any, ...Object.fromEntries(known) }))

import fc from 'fast-check'
import type { HostFirewall, HostInterface, HostNetwork, HostReading } from '../../src/domain/host.ts'
import type { ObservedFile } from '../../src/domain/observation.ts'
import { awkwardText } from './arbitrary-documents.ts'

const manifests = '/var/lib/rancher/k3s/server/manifests'

/** Texts by the files that rules look into. */
const texts: Readonly<Record<string, readonly string[]>> = {
  '/etc/resolv.conf': ['nameserver 127.0.0.53\n', 'nameserver 192.168.1.1\n'],
  '/run/systemd/resolve/stub-resolv.conf': ['nameserver 127.0.0.53\n'],
  '/etc/firewalld/zones/trusted.xml': ['<zone><source address="10.42.0.0/16"/></zone>', '<zone/>'],
  '/var/lib/rancher/k3s/agent/etc/flannel/net-conf.json': [
    '{"Network":"10.42.0.0/16","Backend":{"Type":"vxlan"}}',
    '{"Network":"10.52.0.0/16","Backend":{"Type":"host-gw"}}',
  ],
  '/var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist': [
    '{"name":"cbr0","plugins":[{"type":"flannel"}]}',
    '{"name":"cbr0","plugins":[{"type":"flannel"},{"type":"portmap"}]}',
  ],
  [`${manifests}/coredns.yaml`]: ['kind: A\n', 'kind: B\n'],
  [`${manifests}/ccm.yaml`]: ['kind: A\n', 'kind: B\n'],
  [`${manifests}/lan.yaml`]: ['kind: A\n', 'kind: B\n'],
  '/var/lib/fairlead/pristine.json': [
    JSON.stringify({
      digest: '',
      value: { files: { [`${manifests}/ccm.yaml`]: 'kind: A\n' }, identity: { pid: 1 } },
      version: 1,
    }),
  ],
  '/etc/rancher/k3s/config.yaml': ['flannel-backend: host-gw\n', 'disable: [traefik]\n'],
}

const times = [0, 1_700_000_000_000, 1_700_000_020_000, 1_700_000_600_000] as const

const file: fc.Arbitrary<readonly [string, ObservedFile]> = fc
  .constantFrom(...Object.entries(texts))
  .chain(([path, known]) =>
    fc
      .record({
        text: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, awkwardText),
        modifiedAtMs: fc.constantFrom(...times),
      })
      .map((own) => {
        const shape = { path, type: 'file', mode: 0o600, ownerUid: 0, sizeBytes: own.text.length } as const
        return [path, { ...shape, ...own, digest: own.text }] as const
      }),
  )

const addressesOf: Readonly<Record<string, readonly (readonly string[])[]>> = {
  eth0: [['192.168.1.11/24'], ['192.168.1.11/24', 'fd00:1::11/64'], ['10.42.0.9/16'], []],
  eth1: [['10.1.0.7/24'], ['192.168.1.12/24', '192.168.1.13/24']],
  wlan0: [['10.1.0.7/24'], []],
  'flannel.1': [['10.42.0.0/32'], ['10.52.0.0/32']],
  'flannel-wg': [['10.42.0.0/32']],
  cni0: [['10.42.0.1/24']],
  cali123: [[]],
  cilium_host: [['10.0.0.1/32']],
  wg0: [['10.9.0.1/24']],
}

const link: fc.Arbitrary<HostInterface> = fc.constantFrom(...Object.entries(addressesOf)).chain(([name, choices]) =>
  fc.record({
    name: fc.constant(name),
    isUp: fc.boolean(),
    mtuBytes: fc.constantFrom(1500, 1450, 1420, 1280, 9000),
    type: fc.constantFrom('vxlan', 'bridge', 'wireguard', 'veth'),
    addresses: fc.constantFrom(...choices),
  }),
)

const network: fc.Arbitrary<HostNetwork> = fc.record(
  {
    interfaces: fc.uniqueArray(link, { maxLength: 5, selector: ({ name }) => name }),
    defaultRoutes: fc.array(
      fc.record(
        {
          family: fc.constantFrom(4, 6),
          device: fc.constantFrom('eth0', 'eth1', 'wlan0'),
          protocol: fc.constantFrom('ra', 'dhcp'),
        },
        { requiredKeys: ['family', 'device'] },
      ),
      { maxLength: 2 },
    ),
    listeners: fc.array(
      fc.record(
        {
          protocol: fc.constantFrom('tcp', 'udp'),
          address: fc.constantFrom('0.0.0.0', '::', '127.0.0.1'),
          port: fc.constantFrom(80, 443, 6443, 6444, 8472, 10_250, 51_820, 2379),
          program: fc.constantFrom('nginx', 'k3s-server', 'k3s', 'kernel', 'etcd'),
        },
        { requiredKeys: ['protocol', 'address', 'port'] },
      ),
      { maxLength: 4 },
    ),
  },
  { requiredKeys: ['interfaces', 'defaultRoutes'] },
)

const chainRules = fc.array(
  fc.constantFrom(
    '-A INPUT -s 192.168.1.0/24 -j ACCEPT',
    '-A INPUT -s 10.42.0.0/16 -j ACCEPT',
    '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
    '-A INPUT -p tcp -m tcp --dport 6443 -j DROP',
    '-A INPUT -p udp -m udp --dport 8472 -j DROP',
    '-A INPUT -p udp -m udp --dport 8472 -j ACCEPT',
    '-A INPUT -j KUBE-ROUTER-INPUT',
    '-A FORWARD -s 10.42.0.0/16 -j ACCEPT',
    '-A FORWARD -s 10.42.0.0/16 -j ACCEPT',
    '-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -j RETURN',
  ),
  { maxLength: 6 },
)

const saved = fc
  .record({ policy: fc.constantFrom('ACCEPT', 'DROP'), forward: fc.constantFrom('ACCEPT', 'DROP'), rules: chainRules })
  .map(({ policy, forward, rules }) =>
    ['*filter', `:INPUT ${policy} [0:0]`, `:FORWARD ${forward} [0:0]`, ...rules, 'COMMIT', ''].join('\n'),
  )

const firewall: fc.Arbitrary<HostFirewall> = fc.record(
  {
    iptablesVersion: fc.constantFrom('1.8.9', '1.8.3', '1.6.1', '1.8.0'),
    backend: fc.constantFrom('nft', 'legacy'),
    kubernetesRules: fc.constantFrom({ nft: 3, legacy: 0 }, { nft: 3, legacy: 40 }),
    chains: fc.subarray(['KUBE-ROUTER-INPUT', 'KUBE-ROUTER-FORWARD', 'KUBE-NWPLCY-ABC', 'FLANNEL-FWD']),
    ipsets: fc.subarray(['KUBE-DST-ABC', 'KUBE-SRC-ABC']),
    managers: fc.subarray(['firewalld', 'ufw']),
    saved: fc.record(
      { ipv4: fc.oneof({ weight: 5, arbitrary: saved }, awkwardText), ipv6: saved },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
)

/** A machine with anything that rules have ever asked one for. */
export const anyHost: fc.Arbitrary<HostReading> = fc
  .record(
    {
      readAtMs: fc.constant(1_700_001_000_000),
      hostName: fc.constantFrom('pi-1', 'Pi_1', 'localhost'),
      process: fc.record({
        pid: fc.constant(1),
        arguments: fc.constantFrom(['k3s', 'server'], ['k3s', 'server', '--flannel-backend=vxlan'], ['k3s', 'agent']),
        environment: fc.constantFrom({}, { K3S_NODE_NAME: 'old' }),
        startedAtMs: fc.constantFrom(...times),
      }),
      network,
      firewall,
      kernelRelease: fc.constantFrom('5.15.0-91-generic', '4.19.0', '5.4.0', '6.8.0'),
      installedVersion: fc.constantFrom('v1.33.4+k3s1', 'v1.30.1+k3s1'),
      installedBinary: fc.constant({ path: '/usr/local/bin/k3s', modifiedAtMs: 1_700_000_600_000 }),
      commands: fc.subarray(['ipset', 'swanctl', 'wg', 'iptables']),
      sysctls: fc.dictionary(
        fc.constantFrom('net.ipv6.conf.eth0.accept_ra', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_forward'),
        fc.constantFrom('0', '1', '2', '1024 60999'),
        { maxKeys: 3 },
      ),
    },
    { requiredKeys: [] },
  )
  .chain((rest) =>
    fc.array(file, { maxLength: 5 }).map((files) => ({ ...rest, files: new Map(files), unreadable: [] })),
  )

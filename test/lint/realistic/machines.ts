import { readFileSync } from 'node:fs'
import type { HostFirewall, HostInterface, HostListener, HostReading } from '../../../src/domain/host.ts'
import { hostReading, running } from '../../lab/machine-reading.ts'

const recorded = (name: string): string =>
  readFileSync(new URL(`../../fixtures/k3s-v1.21.2/${name}`, import.meta.url), 'utf8')

const data = '/var/lib/rancher/k3s'
const packaged = ['coredns', 'local-storage', 'rolebindings', 'runtimes', 'traefik', 'ccm']

/** The unit that the installation script writes. */
function unit(command: 'server' | 'agent', words: readonly string[] = []): Readonly<Record<string, string>> {
  const name = command === 'server' ? 'k3s' : 'k3s-agent'
  const rest = words.map((word) => `\t'${word}' \\\n`).join('')
  return {
    [`/etc/systemd/system/${name}.service`]: `[Unit]
Description=Lightweight Kubernetes
Wants=network-online.target
After=network-online.target

[Install]
WantedBy=multi-user.target

[Service]
Type=${command === 'server' ? 'notify' : 'exec'}
EnvironmentFile=-/etc/default/%N
EnvironmentFile=-/etc/sysconfig/%N
EnvironmentFile=-/etc/systemd/system/${name}.service.env
KillMode=process
Delegate=yes
Restart=always
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/local/bin/k3s \\
    ${command} \\
${rest}
`,
  }
}

/** What K3s itself wrote, a second after it started. */
function staged(names: readonly string[] = packaged): Parameters<typeof hostReading>[0] {
  const started = { modifiedAtMs: Date.UTC(2026, 2, 1, 12, 0, 1) }
  return Object.fromEntries(
    names.map((name) => [
      `${data}/server/manifests/${name}.yaml`,
      { text: `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: kube-system }\n`, ...started },
    ]),
  )
}

const flannelFiles = {
  [`${data}/agent/etc/flannel/net-conf.json`]: recorded('net-conf-vxlan.json'),
  [`${data}/agent/etc/cni/net.d/10-flannel.conflist`]: recorded('10-flannel.conflist'),
}

const lo: HostInterface = { name: 'lo', isUp: true, mtuBytes: 65536, addresses: ['127.0.0.1/8', '::1/128'] }
const plain = (name: string, ...addresses: string[]): HostInterface => ({ name, isUp: true, mtuBytes: 1500, addresses })
const tunnel = (name: string, type: string, mtuBytes: number, ...addresses: string[]): HostInterface => ({
  name,
  isUp: true,
  mtuBytes,
  type,
  addresses,
})
const veth = tunnel('veth1a2b3c4d', 'veth', 1450)
const podBridges = [
  tunnel('flannel.1', 'vxlan', 1450, '10.42.0.0/32'),
  tunnel('cni0', 'bridge', 1450, '10.42.0.1/24'),
  veth,
]

const listening = (port: number, address: string, program: string, protocol: 'tcp' | 'udp' = 'tcp'): HostListener => ({
  protocol,
  address,
  port,
  program,
})
const agentPorts = [
  listening(22, '0.0.0.0', 'sshd'),
  listening(10248, '127.0.0.1', 'k3s-agent'),
  listening(10250, '::', 'k3s-agent'),
  listening(10256, '::', 'k3s-agent'),
  listening(6444, '127.0.0.1', 'k3s-agent'),
  listening(8472, '0.0.0.0', 'kernel', 'udp'),
]
const serverPorts = [
  ...agentPorts.map((one) => (one.program === 'k3s-agent' ? { ...one, program: 'k3s-server' } : one)),
  listening(6443, '::', 'k3s-server'),
  listening(10257, '127.0.0.1', 'k3s-server'),
  listening(10259, '127.0.0.1', 'k3s-server'),
]
const etcdPorts = [listening(2379, '10.0.0.11', 'k3s-server'), listening(2380, '10.0.0.11', 'k3s-server')]

const saved = recorded('iptables-save.txt')
const chainsOf = (text: string): string[] => [...text.matchAll(/^:(\S+)/gm)].map(([, name = '']) => name)
const firewall: HostFirewall = {
  iptablesVersion: '1.8.9',
  backend: 'nft',
  kubernetesRules: { nft: 60, legacy: 0 },
  chains: chainsOf(saved),
  ipsets: ['KUBE-SRC-SEK4WUYBDIBHKBHW'],
  saved: { ipv4: saved, ipv6: recorded('ip6tables-save.txt') },
}

const kernel: Partial<HostReading> = {
  kernelRelease: '6.8.0-51-generic',
  commands: ['iptables', 'ip6tables', 'ipset', 'wg'],
  sysctls: {
    'net.ipv4.ip_forward': '1',
    'net.ipv6.conf.all.forwarding': '1',
    'net.bridge.bridge-nf-call-iptables': '1',
  },
  firewall,
}
const server = running({ arguments: ['/usr/local/bin/k3s server'] })
const agent = running({ arguments: ['/usr/local/bin/k3s agent'] })
const gateway = (device: string, address = '192.168.1.1') => ({ family: 4 as const, device, gateway: address })

/** Machines that are as they should be. */
export const goodMachines: Readonly<Record<string, HostReading>> = {
  'a single server without configuration': hostReading(
    { ...unit('server'), ...staged(), ...flannelFiles },
    {
      ...kernel,
      process: server,
      installedVersion: 'v1.33.4+k3s1',
      network: {
        interfaces: [lo, plain('eth0', '192.168.1.11/24', 'fe80::1/64'), ...podBridges],
        defaultRoutes: [gateway('eth0')],
        listeners: serverPorts,
      },
    },
  ),
  'an agent with its environment file': hostReading(
    {
      ...unit('agent'),
      ...flannelFiles,
      '/etc/systemd/system/k3s-agent.service.env':
        "K3S_TOKEN='K10secret::server:x'\nK3S_URL='https://192.168.1.11:6443'\n",
      '/etc/rancher/k3s/config.yaml': 'node-label:\n  - site=north\nnode-ip: 192.168.1.12\nflannel-iface: eth0\n',
    },
    {
      ...kernel,
      hostName: 'pi-2',
      process: agent,
      installedVersion: 'v1.32.6+k3s1',
      network: {
        interfaces: [lo, plain('eth0', '192.168.1.12/24'), plain('wlan0', '192.168.2.12/24'), ...podBridges],
        defaultRoutes: [gateway('eth0'), gateway('wlan0', '192.168.2.1')],
        listeners: agentPorts,
      },
    },
  ),
  'a server of three with drop-ins': hostReading(
    {
      ...unit('server'),
      ...staged(),
      ...flannelFiles,
      '/etc/rancher/k3s/config.yaml': `# first server
cluster-init: true
token: very-secret
tls-san:
  - api.example.com
  - 10.0.0.10
write-kubeconfig-mode: "0644"
node-ip: 10.0.0.11
disable: [servicelb]
etcd-snapshot-schedule-cron: "0 */6 * * *"
`,
      '/etc/rancher/k3s/config.yaml.d/10-site.yaml':
        'tls-san+: [api.internal]\nkube-apiserver-arg: [audit-log-maxage=30]\n',
      '/etc/rancher/k3s/config.yaml.d/50-kubelet.yaml':
        'kubelet-arg:\n- max-pods=110\n- "eviction-hard=memory.available<5%"\n',
    },
    {
      ...kernel,
      hostName: 'srv-1',
      process: server,
      installedVersion: 'v1.31.9+k3s1',
      network: {
        interfaces: [lo, plain('ens18', '10.0.0.11/24'), ...podBridges],
        defaultRoutes: [gateway('ens18', '10.0.0.1')],
        listeners: [...serverPorts, ...etcdPorts],
      },
    },
  ),
  'a server of both families': hostReading(
    {
      ...unit('server'),
      ...staged(),
      '/etc/rancher/k3s/config.yaml': `cluster-cidr: 10.42.0.0/16,fd00:42::/56
service-cidr: 10.43.0.0/16,fd00:43::/112
flannel-ipv6-masq: true
node-ip: 192.168.1.11,fd00:1::11
`,
      [`${data}/agent/etc/flannel/net-conf.json`]:
        '{"Network":"10.42.0.0/16","EnableIPv6":true,"EnableIPv4":true,"IPv6Network":"fd00:42::/56","Backend":{"Type":"vxlan"}}',
    },
    {
      ...kernel,
      process: server,
      installedVersion: 'v1.33.4+k3s1',
      network: {
        interfaces: [
          lo,
          plain('eth0', '192.168.1.11/24', 'fd00:1::11/64', 'fe80::1/64'),
          ...podBridges,
          tunnel('flannel-v6.1', 'vxlan', 1430, 'fd00:42::/128'),
        ],
        defaultRoutes: [gateway('eth0'), { family: 6, device: 'eth0', gateway: 'fe80::ff', protocol: 'static' }],
        listeners: serverPorts,
      },
    },
  ),
  'a server with WireGuard over its public address': hostReading(
    {
      ...unit('server', [
        '--flannel-backend',
        'wireguard-native',
        '--node-external-ip',
        '198.51.100.7',
        '--flannel-external-ip',
      ]),
      ...staged(),
      [`${data}/agent/etc/flannel/net-conf.json`]:
        '{"Network":"10.42.0.0/16","EnableIPv6":false,"EnableIPv4":true,"Backend":{"Type":"wireguard","PersistentKeepaliveInterval":25,"Mode":"separate"}}',
    },
    {
      ...kernel,
      process: server,
      installedVersion: 'v1.30.6+k3s1',
      network: {
        interfaces: [
          lo,
          plain('eth0', '10.1.0.4/24'),
          tunnel('flannel-wg', 'wireguard', 1420, '10.42.0.0/32'),
          tunnel('cni0', 'bridge', 1420, '10.42.0.1/24'),
          veth,
        ],
        defaultRoutes: [gateway('eth0', '10.1.0.1')],
        listeners: [...serverPorts.filter(({ port }) => port !== 8472), listening(51820, '0.0.0.0', 'kernel', 'udp')],
      },
    },
  ),
  'a server with Calico': hostReading(
    {
      ...unit('server'),
      ...staged(),
      '/etc/rancher/k3s/config.yaml':
        'flannel-backend: none\ndisable-network-policy: true\ncluster-cidr: 10.48.0.0/16\n',
      [`${data}/server/manifests/calico.yaml`]: `apiVersion: operator.tigera.io/v1
kind: Installation
metadata: { name: default }
spec:
  calicoNetwork:
    containerIPForwarding: Enabled
    ipPools: [{ cidr: 10.48.0.0/16, encapsulation: VXLAN }]
`,
      '/etc/cni/net.d/10-calico.conflist':
        '{"name":"k8s-pod-network","cniVersion":"0.3.1","plugins":[{"type":"calico"},{"type":"portmap"}]}',
    },
    {
      ...kernel,
      firewall: {
        ...firewall,
        chains: ['INPUT', 'FORWARD', 'OUTPUT', 'KUBE-SERVICES', 'cali-INPUT'],
        ipsets: ['cali40s:abc'],
        saved: {},
      },
      process: server,
      installedVersion: 'v1.33.4+k3s1',
      network: {
        interfaces: [
          lo,
          plain('eth0', '192.168.1.11/24'),
          tunnel('vxlan.calico', 'vxlan', 1450, '10.48.7.0/32'),
          tunnel('cali0123456789a', 'veth', 1450),
        ],
        defaultRoutes: [gateway('eth0')],
        listeners: [...serverPorts.filter(({ port }) => port !== 8472), listening(4789, '0.0.0.0', 'kernel', 'udp')],
      },
    },
  ),
  'a machine with Alpine': hostReading(
    {
      '/etc/init.d/k3s': `#!/sbin/openrc-run
depend() {
    after network-online
    want cgroups
}
supervisor=supervise-daemon
name=k3s
command="/usr/local/bin/k3s"
command_args="server \\
	'--flannel-backend=host-gw' \\
	>>/var/log/k3s.log 2>&1"
set -o allexport
if [ -f /etc/environment ]; then . /etc/environment; fi
if [ -f /etc/rancher/k3s/k3s.env ]; then . /etc/rancher/k3s/k3s.env; fi
set +o allexport
`,
      '/etc/rancher/k3s/k3s.env': "K3S_TOKEN='secret'\n",
      ...staged(),
      [`${data}/agent/etc/flannel/net-conf.json`]: recorded('net-conf-host-gw.json'),
    },
    {
      ...kernel,
      kernelRelease: '6.6.54-0-virt',
      process: server,
      installedVersion: 'v1.29.10+k3s1',
      network: {
        interfaces: [lo, plain('eth0', '192.168.1.11/24'), tunnel('cni0', 'bridge', 1500, '10.42.0.1/24'), veth],
        defaultRoutes: [gateway('eth0')],
        listeners: serverPorts.filter(({ port }) => port !== 8472),
      },
    },
  ),
  'an old server with flags in its unit': hostReading(
    {
      ...unit('server', [
        '--disable',
        'traefik',
        '--node-taint',
        'CriticalAddonsOnly=true:NoExecute',
        '--kubelet-arg=max-pods=60',
      ]),
      ...staged(['coredns', 'local-storage', 'rolebindings', 'ccm']),
      ...flannelFiles,
    },
    {
      ...kernel,
      kernelRelease: '5.4.0-200-generic',
      process: server,
      installedVersion: 'v1.21.14+k3s1',
      network: {
        interfaces: [lo, plain('eth0', '192.168.1.11/24'), ...podBridges],
        defaultRoutes: [gateway('eth0')],
        listeners: serverPorts,
      },
    },
  ),
  'a server that Fairlead keeps': hostReading(
    {
      ...unit('server'),
      ...staged(),
      '/etc/rancher/k3s/config.yaml': 'token: secret\n',
      '/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml':
        '"disable": []\n"disable-network-policy": false\n"flannel-backend": "vxlan"\n"flannel-conf": "/etc/rancher/k3s/fairlead/flannel.json"\n',
      '/etc/rancher/k3s/fairlead/flannel.json':
        '{"Network":"10.42.0.0/16","Backend":{"Type":"vxlan","DirectRouting":true}}',
      [`${data}/server/manifests/fairlead-traefik.yaml`]:
        'apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: { name: traefik, namespace: kube-system }\nspec:\n  failurePolicy: abort\n  valuesContent: |\n    deployment: { replicas: 2 }\n',
      [`${data}/server/manifests/fairlead-coredns.yaml`]:
        'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: coredns-custom, namespace: kube-system }\ndata:\n  lan.server: |\n    lan:53 {\n        forward . 192.168.1.1\n    }\n',
    },
    {
      ...kernel,
      process: server,
      installedVersion: 'v1.34.3+k3s1',
      network: {
        interfaces: [lo, plain('eth0', '192.168.1.11/24'), ...podBridges],
        defaultRoutes: [gateway('eth0')],
        listeners: serverPorts,
      },
    },
  ),
  'a disk of which only the files are known': hostReading({
    ...unit('server', ['--write-kubeconfig-mode', '644']),
    ...staged(),
    '/etc/rancher/k3s/config.yaml': 'disable:\n- traefik\n- servicelb\n',
  }),
}

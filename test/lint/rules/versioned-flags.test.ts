import { expect, test } from 'vitest'
import { assumedFacts } from '../../../src/domain/facts.ts'
import type { HostReading } from '../../../src/domain/host.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import type { LintSubject } from '../../../src/lint/subject.ts'
import { versionedFlagRules } from '../../../src/lint/versioned-flags/versioned-flag-rules.ts'
import { repositorySubject } from '../../../src/reconcile/lint-repository.ts'
import { desiredState } from '../../lab/desired-state.ts'
import { node, subject } from '../../lab/lint-subject.ts'
import { agent, backend, server, type Values } from '../versioned-flags/flag-subjects.ts'
import { testRules } from './rule-cases.ts'

const unread: HostReading = { files: new Map(), unreadable: [] }

function withHost(host: Partial<HostReading>, values: Values, version: string): LintSubject {
  return subject({ version, nodes: [node({ settings: values, host: { ...unread, ...host } })] })
}

const oldIptables: Partial<HostReading> = { firewall: { iptablesVersion: '1.8.4', backend: 'nft' } }

function skewed(agentVersion: string, version: string, values: Values = {}): LintSubject {
  return subject({
    version,
    nodes: [node({ settings: values }), node({ name: 'pi-2', role: 'agent', facts: { k3sVersion: agentVersion } })],
  })
}

testRules(versionedFlagRules, {
  'ver-release-unknown': {
    fails: [server({}, 'v1.16.3+k3s1'), server({}, 'v0.10.2'), server({}, 'v1.99.0+k3s1')],
    passes: [server({}, 'v1.17.0+k3s.1'), server({}, 'v1.37.0+k3s1'), server({}, 'unknown')],
  },
  'ver-no-flannel': {
    fails: [
      server({ 'no-flannel': true }, 'v1.25.0+k3s1'),
      agent({ 'no-flannel': true }, 'v1.33.4+k3s1'),
      server({ 'no-flannel': true }, 'v1.17.4+k3s1'),
      server({ 'no-flannel': true }, 'unknown'),
    ],
    passes: [server({ 'no-flannel': true }, 'v0.10.2'), backend('none', 'v1.33.4+k3s1')],
  },
  'ver-no-deploy': {
    fails: [
      server({ 'no-deploy': ['traefik'] }, 'v1.17.4+k3s1'),
      server({ 'no-deploy': ['traefik'] }, 'v1.25.0+k3s1'),
      server({ 'no-deploy': ['traefik'] }, 'v1.33.4+k3s1'),
    ],
    passes: [server({ 'no-deploy': ['traefik'] }, 'v1.17.3+k3s1'), server({ disable: ['traefik'] }, 'v1.33.4+k3s1')],
  },
  'ver-disable-too-old': {
    fails: [server({ disable: ['traefik'] }, 'v1.17.3+k3s1'), server({ disable: ['traefik'] }, 'v1.17.0+k3s.1')],
    passes: [
      server({ disable: ['traefik'] }, 'v1.17.4+k3s1'),
      server({ disable: ['traefik'] }, 'unknown'),
      // Told once, by ver-release-unknown.
      server({ disable: ['traefik'] }, 'v1.0.1'),
    ],
  },
  'ver-flannel-backend-ipsec': {
    fails: [
      backend('ipsec', 'v1.22.9+k3s1'),
      backend('ipsec', 'v1.26.15+k3s1'),
      backend('ipsec', 'v1.27.1+k3s1'),
      backend('ipsec', 'v1.33.4+k3s1'),
    ],
    passes: [backend('ipsec', 'v1.22.8+k3s1'), backend('vxlan', 'v1.33.4+k3s1'), backend('ipsec', 'unknown')],
  },
  'ver-ipsec-binaries': {
    fails: [
      withHost({ commands: ['ip'] }, { 'flannel-backend': 'ipsec' }, 'v1.24.9+k3s1'),
      withHost({ commands: [] }, { 'flannel-backend': 'ipsec' }, 'v1.26.15+k3s1'),
    ],
    passes: [
      withHost({ commands: ['swanctl'] }, { 'flannel-backend': 'ipsec' }, 'v1.26.15+k3s1'),
      withHost({ commands: [] }, { 'flannel-backend': 'ipsec' }, 'v1.24.8+k3s1'),
      withHost({ commands: [] }, { 'flannel-backend': 'ipsec' }, 'v1.27.1+k3s1'),
      withHost({ commands: [] }, {}, 'v1.26.15+k3s1'),
      backend('ipsec', 'v1.26.15+k3s1'),
    ],
  },
  'ver-wireguard-legacy': {
    fails: [
      backend('wireguard', 'v1.23.6+k3s1'),
      backend('wireguard', 'v1.26.0+k3s1'),
      backend('wireguard', 'v1.33.4+k3s1'),
    ],
    passes: [backend('wireguard', 'v1.23.5+k3s1'), backend('wireguard-native', 'v1.33.4+k3s1')],
  },
  'ver-wireguard-native-old': {
    fails: [
      backend('wireguard-native', 'v1.22.8+k3s1'),
      backend('wireguard-native', 'v1.23.0+k3s1'),
      backend('wireguard-native', 'v1.23.5+k3s1'),
    ],
    passes: [
      backend('wireguard-native', 'v1.22.9+k3s1'),
      backend('wireguard-native', 'v1.23.6+k3s1'),
      backend('wireguard-native', 'unknown'),
    ],
  },
  'ver-hostgw-old': {
    fails: [backend('host-gw', 'v1.17.1+k3s1')],
    passes: [backend('host-gw', 'v1.17.2+k3s1'), backend('vxlan', 'v1.17.1+k3s1')],
  },
  'ver-backend-option-syntax': {
    fails: [
      backend('wireguard-native=PersistentKeepaliveInterval=25', 'v1.24.1+k3s1'),
      backend('vxlan=VNI=2', 'v1.25.3+k3s1'),
      backend('vxlan=VNI=2', 'v1.27.1+k3s1'),
      backend('vxlan=VNI=2', 'unknown'),
    ],
    passes: [backend('vxlan', 'v1.33.4+k3s1')],
  },
  'ver-backend-enum': {
    fails: [
      backend('tailscale', 'v1.33.4+k3s1'),
      backend('calico', 'v1.33.4+k3s1'),
      backend('', 'v1.33.4+k3s1'),
      backend('VXLAN', 'unknown'),
      backend('udp=Port=1', 'v1.25.3+k3s1'),
    ],
    passes: [
      ...['vxlan', 'none', 'host-gw', 'wireguard-native', 'wireguard', 'ipsec'].map((name) =>
        backend(name, 'v1.33.4+k3s1'),
      ),
      server({}, 'v1.33.4+k3s1'),
    ],
  },
  'ver-ipv6-masq': {
    fails: [
      server({ 'flannel-ipv6-masq': true }, 'v1.22.5+k3s1'),
      server({ 'flannel-ipv6-masq': true }, 'v1.23.1+k3s1'),
    ],
    passes: [
      server({ 'flannel-ipv6-masq': true }, 'v1.22.6+k3s1'),
      server({ 'flannel-ipv6-masq': true }, 'v1.23.2+k3s1'),
      server({ 'flannel-ipv6-masq': false }, 'v1.22.5+k3s1'),
    ],
  },
  'ver-external-ip': {
    fails: [
      server({ 'flannel-external-ip': true }, 'v1.23.12+k3s1'),
      server({ 'flannel-external-ip': true }, 'v1.24.6+k3s1'),
      server({ 'flannel-external-ip': true }, 'v1.25.2+k3s1'),
    ],
    passes: [
      server({ 'flannel-external-ip': true }, 'v1.23.13+k3s1'),
      server({ 'flannel-external-ip': true }, 'v1.24.7+k3s1'),
      server({ 'flannel-external-ip': true }, 'v1.25.3+k3s1'),
    ],
  },
  'ver-flannel-cni-conf': {
    fails: [
      agent({ 'flannel-cni-conf': '/etc/cni.json' }, 'v1.24.1+k3s1'),
      agent({ 'flannel-cni-conf': '/etc/cni.json' }, 'v1.32.11+k3s1'),
      agent({ 'flannel-cni-conf': '/etc/cni.json' }, 'v1.33.7+k3s1'),
      server({ 'flannel-cni-conf': '/etc/cni.json' }, 'v1.36.4+k3s1'),
    ],
    passes: [
      agent({ 'flannel-cni-conf': '/etc/cni.json' }, 'v1.24.2+k3s1'),
      agent({ 'flannel-cni-conf': '/etc/cni.json' }, 'v1.33.6+k3s1'),
      agent({ 'flannel-cni-conf': '/etc/cni.json' }, 'v1.37.1+k3s1'),
      agent({ 'flannel-cni-conf': '/etc/cni.json' }, 'unknown'),
      agent({}, 'v1.36.4+k3s1'),
    ],
  },
  'ver-multi-cluster-cidr': {
    fails: [
      server({ 'multi-cluster-cidr': true }, 'v1.29.0+k3s1'),
      server({ 'multi-cluster-cidr': true }, 'v1.26.2+k3s1'),
    ],
    passes: [
      server({ 'multi-cluster-cidr': true }, 'v1.26.3+k3s1'),
      server({ 'multi-cluster-cidr': true }, 'v1.28.15+k3s1'),
    ],
  },
  'ver-egress': {
    fails: [
      server({ 'egress-selector-mode': 'pod' }, 'v1.22.9+k3s1'),
      server({ 'egress-selector-mode': 'pod' }, 'v1.24.0+k3s1'),
    ],
    passes: [
      server({ 'egress-selector-mode': 'pod' }, 'v1.22.10+k3s1'),
      server({ 'egress-selector-mode': 'pod' }, 'v1.24.1+k3s1'),
    ],
  },
  'ver-servicelb-ns': {
    fails: [
      server({ 'servicelb-namespace': 'lb' }, 'v1.22.17+k3s1'),
      server({ 'servicelb-namespace': 'lb' }, 'v1.23.7+k3s1'),
      server({ 'servicelb-namespace': 'lb' }, 'v1.24.1+k3s1'),
    ],
    passes: [
      server({ 'servicelb-namespace': 'lb' }, 'v1.23.8+k3s1'),
      server({ 'servicelb-namespace': 'lb' }, 'v1.24.2+k3s1'),
    ],
  },
  'ver-vpn': {
    fails: [
      agent({ 'vpn-auth-file': '/etc/vpn' }, 'v1.27.2+k3s1'),
      agent({ 'vpn-auth': 'name=tailscale,joinKey=x' }, 'v1.24.17+k3s1'),
      agent({ 'vpn-auth': 'name=tailscale,joinKey=x,controlServerURL=https://c' }, 'v1.27.3+k3s1'),
      agent({ 'vpn-auth': 'name=tailscale,joinKey=x,extraArgs=--ssh' }, 'v1.28.2+k3s1'),
    ],
    passes: [
      agent({ 'vpn-auth': 'name=tailscale,joinKey=x' }, 'v1.25.11+k3s1'),
      agent({ 'vpn-auth': 'name=tailscale,joinKey=x,controlServerURL=https://c' }, 'v1.27.4+k3s1'),
      agent({ 'vpn-auth': 'name=tailscale,joinKey=x,extraArgs=--ssh' }, 'v1.28.3+k3s1'),
      agent({ 'vpn-auth': '********' }, 'v1.27.3+k3s1'),
    ],
  },
  'ver-node-dns': {
    fails: [
      agent({ 'node-external-dns': 'a.example' }, 'v1.31.3+k3s1'),
      agent({ 'node-internal-dns': 'a.example' }, 'v1.28.15+k3s1'),
    ],
    passes: [
      agent({ 'node-external-dns': 'a.example' }, 'v1.31.4+k3s1'),
      server({ 'node-internal-dns': 'a.example' }, 'v1.32.0+k3s1'),
    ],
  },
  'ver-disable-kube-proxy': {
    fails: [server({ 'disable-kube-proxy': true }, 'v1.18.20+k3s1')],
    passes: [
      server({ 'disable-kube-proxy': true }, 'v1.19.1+k3s1'),
      server({ 'disable-kube-proxy': false }, 'v1.18.20+k3s1'),
    ],
  },
  'ver-none-hang': {
    fails: [backend('none', 'v1.29.1+k3s1'), backend('none', 'v1.28.6+k3s2')],
    passes: [
      backend('none', 'v1.29.2+k3s1'),
      backend('none', 'v1.29.0+k3s1'),
      backend('vxlan', 'v1.29.1+k3s1'),
      server({ 'flannel-backend': 'none', 'disable-network-policy': true }, 'v1.29.1+k3s1'),
    ],
  },
  'ver-bundled-bin': {
    fails: [withHost(oldIptables, {}, 'v1.24.9+k3s1'), withHost(oldIptables, {}, 'v1.33.4+k3s1')],
    passes: [
      withHost(oldIptables, {}, 'v1.24.8+k3s1'),
      withHost(oldIptables, { 'prefer-bundled-bin': true }, 'v1.33.4+k3s1'),
      withHost(oldIptables, { 'disable-network-policy': true }, 'v1.33.4+k3s1'),
      withHost({ firewall: { iptablesVersion: '1.8.9', backend: 'nft' } }, {}, 'v1.33.4+k3s1'),
      withHost({ firewall: { iptablesVersion: '1.8.4', backend: 'legacy' } }, {}, 'v1.33.4+k3s1'),
      withHost({ firewall: {} }, {}, 'v1.33.4+k3s1'),
      server({}, 'v1.33.4+k3s1'),
    ],
  },
  'ver-mixed-132': {
    fails: [skewed('v1.31.5+k3s1', 'v1.32.0+k3s1'), skewed('v1.30.2+k3s1', 'v1.33.4+k3s1')],
    passes: [
      skewed('v1.32.0+k3s1', 'v1.33.4+k3s1'),
      skewed('v1.30.2+k3s1', 'v1.31.5+k3s1'),
      skewed('v1.31.5+k3s1', 'v1.32.0+k3s1', { 'flannel-backend': 'none' }),
      skewed('v1.31.5+k3s1', 'unknown'),
    ],
  },
})

test('a release after the known ones is a notice, one before them an error, told at the field', () => {
  const told = (k3sVersion: string): readonly string[] =>
    runRules(versionedFlagRules.rules, repositorySubject(desiredState({ k3sVersion }), assumedFacts)).map(
      ({ code, severity, place }) => `${severity} ${code} ${place.file}`,
    )
  const at = 'clusters/home/network.yaml#spec.k3sVersion'
  expect(told('v1.99.0+k3s1')).toEqual([`notice VER_RELEASE_UNKNOWN ${at}`])
  expect(told('v1.16.3+k3s1')).toEqual([`error VER_RELEASE_UNKNOWN ${at}`])
  expect(told('v1.17.0+k3s.1')).toEqual([])
})

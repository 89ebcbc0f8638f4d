import { expect, test } from 'vitest'
import type { HostReading } from '../../../src/domain/host.ts'
import { flannelRules } from '../../../src/lint/flannel/flannel-rules.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import type { NodeSubject, TextSubject } from '../../../src/lint/subject.ts'
import { desiredState } from '../../lab/desired-state.ts'
import { at, node, subject } from '../../lab/lint-subject.ts'
import { testRules } from '../rules/rule-cases.ts'

const path = '/etc/flannel.json'

function text(value: unknown): TextSubject {
  return { path, text: typeof value === 'string' ? value : JSON.stringify(value), at: at(path) }
}

/** A server with this flannel-conf file. */
function withConf(backend: unknown, top: Readonly<Record<string, unknown>> = {}, settings = {}): NodeSubject {
  const conf = { Network: '10.42.0.0/16', ...(backend === undefined ? {} : { Backend: backend }), ...top }
  return node({ settings: { 'flannel-conf': path, ...settings }, flannelConf: text(conf) })
}

const oneConf = (backend: unknown, top = {}, settings = {}) => subject({ nodes: [withConf(backend, top, settings)] })

function host(parts: Partial<HostReading>): HostReading {
  return { files: new Map(), unreadable: [], ...parts }
}

function file(filePath: string, content: string): HostReading['files'] {
  return new Map([
    [
      filePath,
      {
        path: filePath,
        type: 'file',
        mode: 0o600,
        ownerUid: 0,
        modifiedAtMs: 0,
        sizeBytes: content.length,
        text: content,
      },
    ],
  ])
}

const dual = { 'cluster-cidr': '10.42.0.0/16,fd00:42::/56' }
const dualConf = { IPv6Network: 'fd00:42::/56', EnableIPv6: true }
const generated = '/var/lib/rancher/k3s/agent/etc/flannel/net-conf.json'
const conflist = '/var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist'

/** A machine whose eth0 carries the default route. */
function onLink(mtuBytes: number, addresses: readonly string[] = ['192.168.1.5/24']): HostReading {
  return host({
    network: {
      interfaces: [{ name: 'eth0', isUp: true, mtuBytes, addresses }],
      defaultRoutes: [{ family: 4, device: 'eth0' }],
    },
  })
}

const pair = (one: string, two: string, settings = {}, external: readonly string[] = []) => [
  node({ settings, facts: { addresses: [one], externalAddresses: external } }),
  node({ name: 'pi-2', role: 'agent', facts: { addresses: [two], externalAddresses: external } }),
]

const external = { 'flannel-external-ip': true }
const wgExternal = { ...external, 'flannel-backend': 'wireguard-native' }
const etcdLabel = { 'node-role.kubernetes.io/etcd': 'true' }
const etcdPair = (one: string, two: string) => [
  node({ settings: wgExternal, facts: { addresses: [one], labels: etcdLabel } }),
  node({ name: 'pi-2', settings: wgExternal, facts: { addresses: [two], labels: etcdLabel } }),
]

const standard = subject()
const backendOf = (backend: string) => subject({ nodes: [node({ settings: { 'flannel-backend': backend } })] })

testRules(flannelRules, {
  'fln-conf-json': {
    fails: [
      subject({
        nodes: [
          node({
            settings: { 'flannel-conf': path },
            flannelConf: text('{ "Network": "10.42.0.0/16"\n "Backend": {} }'),
          }),
        ],
      }),
      oneConf({ Type: 'vxlan', VNI: 'one' }),
    ],
    passes: [standard, oneConf({ Type: 'vxlan' }), subject({ nodes: [node({ settings: { 'flannel-conf': path } })] })],
  },
  'fln-conf-network': {
    fails: [
      oneConf({ Type: 'vxlan' }, { Network: '10.244.0.0/16' }),
      oneConf({ Type: 'vxlan' }, { ...dualConf, IPv6Network: '::/0' }, dual),
      oneConf({ Type: 'vxlan' }, { Network: null }),
    ],
    passes: [
      standard,
      oneConf({ Type: 'vxlan' }, { Network: '10.42.7.0/16' }),
      oneConf({ Type: 'vxlan' }, { IPv6Network: '::/0' }),
      oneConf({ Type: 'vxlan' }, dualConf, dual),
      oneConf(
        { Type: 'vxlan' },
        { Network: '0.0.0.0/0', EnableIPv4: false, EnableIPv6: true, IPv6Network: 'fd00:42::/56' },
        { 'node-ip': 'fd00::5' },
      ),
    ],
  },
  'fln-conf-families': {
    fails: [
      oneConf({ Type: 'vxlan' }, {}, dual),
      oneConf({ Type: 'vxlan' }, dualConf),
      oneConf({ Type: 'vxlan' }, { EnableIPv4: false }),
    ],
    passes: [standard, oneConf({ Type: 'vxlan' }), oneConf({ Type: 'vxlan' }, dualConf, dual)],
  },
  'fln-conf-backend': {
    fails: [oneConf(undefined), oneConf({ Type: 'udp' }), oneConf({ Type: 'tencent-vpc' })],
    passes: [standard, oneConf({ Type: 'wireguard-native' }), oneConf({ Type: 'Host-GW' })],
  },
  'fln-conf-wgnative': {
    fails: [oneConf({ Type: 'wireguard-native' })],
    passes: [oneConf({ Type: 'wireguard' }), oneConf({ Type: 'udp' })],
  },
  'fln-conf-with-none': {
    fails: [
      oneConf({ Type: 'vxlan' }, {}, { 'flannel-backend': 'none' }),
      subject({ nodes: [node({ settings: { 'flannel-backend': 'none', 'flannel-iface': 'eth1' } })] }),
    ],
    passes: [
      backendOf('none'),
      oneConf({ Type: 'vxlan' }),
      subject({ nodes: [node({ settings: { 'flannel-iface': 'eth1' } })] }),
    ],
  },
  'fln-options-unused': {
    fails: [
      { cni: { plugin: 'none', flannel: { interface: 'eth1' } } },
      { cni: { plugin: 'cilium', flannel: { wireguard: { mode: 'auto' } } } },
      { cni: { flannel: { backend: 'host-gw', vxlan: { vni: 7 } } } },
      { cni: { flannel: { wireguard: { listenPort: 5 } } } },
      { cni: { flannel: { backend: 'none', ipv6Masq: true } } },
    ].map((spec) => subject({ desired: desiredState(spec) })),
    passes: [
      {},
      { cni: { plugin: 'none' } },
      { cni: { flannel: { interface: 'eth1', vxlan: { vni: 7 } } } },
      { cni: { flannel: { backend: 'wireguard-native', wireguard: { mode: 'auto' } } } },
    ].map((spec) => subject({ desired: desiredState(spec) })),
  },
  'fln-conf-unmanaged-edit': {
    fails: [
      subject({
        scope: 'machine',
        nodes: [
          node({
            host: host({ files: file(generated, '{"Network":"10.42.0.0/16","Backend":{"Type":"vxlan","Port":4789}}') }),
          }),
        ],
      }),
      subject({
        scope: 'machine',
        nodes: [node({ host: host({ files: file(generated, '{"Network":"10.42.0.0/16",}') }) })],
      }),
      subject({
        scope: 'machine',
        nodes: [node({ host: host({ files: file(conflist, '{"plugins":[{"type":"bridge"},{"type":"portmap"}]}') }) })],
      }),
    ],
    passes: [
      subject({
        scope: 'machine',
        nodes: [
          node({ host: host({ files: file(generated, '{"Network":"10.42.0.0/16","Backend":{"Type":"host-gw"}}') }) }),
        ],
      }),
      subject({
        scope: 'machine',
        nodes: [
          node({
            host: host({ files: file(generated, '{"Backend":{"Type":"wireguard","PersistentKeepaliveInterval":25}}') }),
          }),
        ],
      }),
      subject({
        scope: 'machine',
        nodes: [
          node({
            host: host({
              files: file(conflist, '{"plugins":[{"type":"flannel"},{"type":"portmap"},{"type":"bandwidth"}]}'),
            }),
          }),
        ],
      }),
    ],
  },
  'fln-directrouting-type': {
    fails: [
      subject({ desired: desiredState({ cni: { flannel: { backend: 'host-gw', directRouting: true } } }) }),
      oneConf({ Type: 'wireguard', directrouting: true }),
    ],
    passes: [
      subject({ desired: desiredState({ cni: { flannel: { directRouting: true } } }) }),
      subject({
        desired: desiredState({ cni: { plugin: 'none', flannel: { backend: 'host-gw', directRouting: true } } }),
      }),
      oneConf({ Type: 'vxlan', DirectRouting: true }),
    ],
  },
  'fln-vni-port': {
    fails: [
      subject({ nodes: [withConf({ Type: 'vxlan', VNI: 2 }), node({ name: 'pi-2', role: 'agent' })] }),
      oneConf({ Type: 'vxlan', VNI: 16_777_216 }),
      oneConf({ Type: 'vxlan', Port: 30_000 }),
      subject({
        nodes: [
          withConf({ Type: 'vxlan', VNI: 4096 }),
          node({ name: 'w', role: 'agent', facts: { operatingSystem: 'windows' } }),
        ],
      }),
    ],
    passes: [
      standard,
      subject({ nodes: [withConf({ Type: 'vxlan', VNI: 1, Port: 8472 }), node({ name: 'pi-2', role: 'agent' })] }),
      oneConf({ Type: 'vxlan', Port: 30_000 }, {}, { 'service-node-port-range': '31000-32000' }),
    ],
  },
  'fln-wg-mode': {
    fails: [oneConf({ Type: 'wireguard', Mode: 'dual' }), oneConf({ Type: 'wireguard', Mode: 'Auto' })],
    passes: [oneConf({ Type: 'wireguard', Mode: 'auto' }), oneConf({ Type: 'wireguard' })],
  },
  'fln-wg-ports': {
    fails: [oneConf({ Type: 'wireguard', ListenPort: 51_821 }, dualConf, dual)],
    passes: [oneConf({ Type: 'wireguard' }, dualConf, dual), oneConf({ Type: 'wireguard', ListenPort: 51_821 })],
  },
  'fln-ipsec-psk': {
    fails: [oneConf({ Type: 'ipsec', PSK: 'x'.repeat(95) }), oneConf({ Type: 'ipsec' })],
    passes: [oneConf({ Type: 'ipsec', PSK: 'x'.repeat(96) }), oneConf({ Type: 'vxlan' })],
  },
  'fln-mtu': {
    fails: [
      subject({ nodes: [{ ...withConf({ Type: 'vxlan', MTU: 9000 }), host: onLink(1500) }] }),
      subject({ nodes: [node({ settings: dual, host: onLink(1300) })] }),
    ],
    passes: [
      subject({ nodes: [{ ...withConf({ Type: 'vxlan', MTU: 1400 }), host: onLink(1500) }] }),
      subject({ nodes: [node({ settings: dual, host: onLink(1500) })] }),
      subject({ nodes: [node({ host: onLink(1300) })] }),
      oneConf({ Type: 'vxlan', MTU: 9000 }),
    ],
  },
  'fln-hostgw-l2': {
    fails: [
      subject({ nodes: pair('10.0.0.5', '192.168.1.5', { 'flannel-backend': 'host-gw' }) }),
      subject({
        scope: 'machine',
        nodes: [node({ settings: { 'flannel-backend': 'host-gw' }, host: onLink(1500) })],
        facts: { nodes: [{ name: 'pi-2', role: 'agent', labels: {}, addresses: ['192.168.2.6'] }] },
      }),
    ],
    passes: [
      subject({ nodes: pair('10.0.0.5', '192.168.1.5') }),
      subject({ nodes: pair('192.168.1.4', '192.168.1.5', { 'flannel-backend': 'host-gw' }) }),
      subject({
        scope: 'machine',
        nodes: [node({ settings: { 'flannel-backend': 'host-gw' }, host: onLink(1500) })],
        facts: { nodes: [{ name: 'pi-2', role: 'agent', labels: {}, addresses: ['192.168.1.6'] }] },
      }),
    ],
  },
  'fln-hostgw-external': {
    fails: [subject({ nodes: [node({ settings: { 'flannel-backend': 'host-gw', ...external } })] })],
    passes: [
      backendOf('host-gw'),
      subject({ nodes: [node({ settings: wgExternal })] }),
      subject({ version: 'v1.24.6+k3s1', nodes: [node({ settings: { 'flannel-backend': 'host-gw', ...external } })] }),
    ],
  },
  'fln-wg-kernel': {
    fails: [
      subject({
        nodes: [
          node({
            settings: { 'flannel-backend': 'wireguard-native' },
            host: host({ kernelRelease: '5.4.0-150-generic' }),
          }),
        ],
      }),
    ],
    passes: [
      subject({
        nodes: [node({ settings: { 'flannel-backend': 'wireguard-native' }, host: host({ kernelRelease: '5.6.0' }) })],
      }),
      subject({ nodes: [node({ host: host({ kernelRelease: '4.18.0-425.el8' }) })] }),
      subject({
        nodes: [
          node({
            settings: { 'flannel-backend': 'wireguard-native' },
            host: host({
              kernelRelease: '5.4.0',
              network: {
                interfaces: [{ name: 'flannel-wg', isUp: true, mtuBytes: 1420, type: 'wireguard', addresses: [] }],
                defaultRoutes: [],
              },
            }),
          }),
        ],
      }),
    ],
  },
  'fln-cni-portmap': {
    fails: [
      subject({ nodes: [node({ flannelCniConf: text({ plugins: [{ type: 'flannel' }] }) })] }),
      subject({ nodes: [node({ flannelCniConf: text('{') })] }),
    ],
    passes: [
      standard,
      subject({ nodes: [node({ flannelCniConf: text({ plugins: [{ type: 'flannel' }, { type: 'portmap' }] }) })] }),
    ],
  },
  'fln-backend-change-reboot': {
    fails: [
      { ...backendOf('wireguard-native'), before: backendOf('vxlan') },
      { ...standard, before: backendOf('host-gw') },
    ],
    passes: [standard, { ...backendOf('vxlan'), before: standard }, { ...backendOf('none'), before: standard }],
  },
  'fln-external-missing': {
    fails: [subject({ nodes: pair('10.0.0.5', '10.0.0.6', wgExternal) })],
    passes: [
      subject({ nodes: pair('10.0.0.5', '10.0.0.6', wgExternal, ['203.0.113.5']) }),
      subject({ nodes: pair('10.0.0.5', '10.0.0.6') }),
      subject({ nodes: pair('10.0.0.5', '10.0.0.6', wgExternal), facts: { origin: 'assumed' } }),
    ],
  },
  'fln-external-plain': {
    fails: [subject({ nodes: [node({ settings: external })] })],
    passes: [standard, subject({ nodes: [node({ settings: wgExternal })] })],
  },
  'fln-external-etcd': {
    fails: [subject({ nodes: etcdPair('10.0.0.5', '192.168.0.5') })],
    passes: [
      subject({ nodes: etcdPair('10.0.0.5', '10.0.0.6') }),
      subject({
        nodes: etcdPair('10.0.0.5', '192.168.0.5').map((one) => ({ ...one, facts: { ...one.facts, labels: {} } })),
      }),
    ],
  },
  'fln-external-disable-stale': {
    fails: [
      { ...standard, before: subject({ nodes: [node({ settings: external })] }) },
      { ...subject({ version: 'v1.34.3+k3s1' }), before: subject({ nodes: [node({ settings: external })] }) },
    ],
    passes: [
      standard,
      { ...standard, before: standard },
      { ...subject({ version: 'v1.32.11+k3s3' }), before: subject({ nodes: [node({ settings: external })] }) },
      { ...subject({ version: 'v1.34.3+k3s3' }), before: subject({ nodes: [node({ settings: external })] }) },
      { ...subject({ version: 'v1.35.1+k3s1' }), before: subject({ nodes: [node({ settings: external })] }) },
    ],
  },
  'fln-vpn-conflict': {
    fails: [
      subject({ nodes: [node({ settings: { 'vpn-auth-file': '/etc/vpn', 'node-ip': '10.0.0.5' } })] }),
      subject({ nodes: [node({ settings: { 'vpn-auth-file': '/etc/vpn', 'flannel-backend': 'none' } })] }),
    ],
    passes: [
      subject({ nodes: [node({ settings: { 'vpn-auth-file': '/etc/vpn' } })] }),
      subject({ nodes: [node({ settings: { 'node-ip': '10.0.0.5', 'flannel-iface': 'eth1' } })] }),
    ],
  },
  'fln-vpn-format': {
    fails: ['name=tailscale', 'joinKey=SECRET', 'name=wireguard,joinKey=SECRET', 'SECRET'].map((auth) =>
      subject({ nodes: [node({ settings: { 'vpn-auth': auth } })] }),
    ),
    passes: ['name=tailscale,joinKey=SECRET', 'joinKey=SECRET,name=tailscale,extraArgs=--x', '********'].map((auth) =>
      subject({ nodes: [node({ settings: { 'vpn-auth': auth } })] }),
    ),
  },
})

test('keys and joining secrets are in no finding', () => {
  const nodes = [
    node({ settings: { 'vpn-auth': 'name=x,joinKey=SECRET', 'node-ip': '10.0.0.5' } }),
    node({
      name: 'pi-2',
      settings: { 'flannel-conf': path },
      flannelConf: text('{"Backend":{"Type":"ipsec","PSK":"SECRET"}}'),
    }),
    node({ name: 'pi-3', settings: { 'flannel-conf': path }, flannelConf: text('{"Backend":{"PSK":"SECRET" "x"}}') }),
  ]
  const findings = runRules(flannelRules.rules, subject({ nodes }))
  expect(findings.map(({ code }) => code)).toContain('FLN_IPSEC_PSK')
  expect(JSON.stringify(findings)).not.toContain('SECRET')
})

test('vxlan over public addresses is an error, over private ones a warning', () => {
  const severities = ['203.0.113.5', '10.9.9.9'].map((address) =>
    runRules(
      flannelRules.rules.filter(({ id }) => id === 'fln-external-plain'),
      subject({ nodes: [node({ settings: { ...external, 'node-external-ip': address } })] }),
    ).map(({ severity }) => severity),
  )
  expect(severities).toEqual([['error'], ['warning']])
})

import { describe, expect, test } from 'vitest'
import { assumedFacts } from '../../../src/domain/facts.ts'
import type { HostReading } from '../../../src/domain/host.ts'
import { secretMask } from '../../../src/domain/k3s-config-reading.ts'
import type { ObservedFile } from '../../../src/domain/observation.ts'
import type { SettingOrigin } from '../../../src/k3s/config/effective-settings.ts'
import { consistencyRules } from '../../../src/lint/consistency/consistency-rules.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import type { LintSubject, NodeSubject } from '../../../src/lint/subject.ts'
import { at, node, subject } from '../../lab/lint-subject.ts'
import { testRules } from './rule-cases.ts'

type Values = Readonly<Record<string, string | number | boolean | readonly string[]>>

/** Servers pi-1, pi-2 and so on, each told its own. */
function servers(...values: readonly Values[]): LintSubject {
  return subject({ nodes: values.map((settings, index) => node({ name: `pi-${index + 1}`, settings })) })
}

function changed(before: Values, after: Values): LintSubject {
  const machine = { ...servers({ 'tls-san': 'k3s.lan', ...before }), scope: 'machine' } as const
  return { ...servers(after), before: machine }
}

/** The same settings, said by somebody else. */
function saidBy(of: LintSubject, origin: SettingOrigin, file: string): LintSubject {
  const nodes = of.nodes.map((one): NodeSubject => {
    const settings = [...one.settings].map(([key, setting]) => {
      const values = setting.values.map(({ text }) => ({ text, origin, at: at(file) }))
      return [key, { ...setting, values }] as const
    })
    return { ...one, settings: new Map(settings) }
  })
  return { ...of, nodes }
}

function withConf(name: string, text: string | undefined, flag = true): NodeSubject {
  const path = '/etc/rancher/k3s/flannel.json'
  const conf = text === undefined ? {} : { flannelConf: { path, text, at: at(`${name}:${path}`) } }
  return node({ name, settings: flag ? { 'flannel-conf': path } : {}, ...conf })
}

function withFiles(name: string, files: Readonly<Record<string, string>>): NodeSubject {
  const observed = Object.entries(files).map(([file, digest]): [string, ObservedFile] => {
    const path = `/var/lib/rancher/k3s/server/manifests/${file}`
    return [path, { path, type: 'file', mode: 0o600, ownerUid: 0, modifiedAtMs: 0, sizeBytes: 1, digest }]
  })
  const host: HostReading = { files: new Map(observed), unreadable: [] }
  return node({ name, host, settings: { 'tls-san': 'k3s.lan' } })
}

const vxlan = '{ "Backend": { "Type": "vxlan" } }'
const masked = { 'agent-token': secretMask }
const assumed = subject({
  nodes: assumedFacts.nodes.map(({ name, role }) => node({ name, role })),
  facts: assumedFacts,
})

testRules(consistencyRules, {
  'con-critical-equal': {
    fails: [
      servers({}, { 'cluster-cidr': ['10.50.0.0/16'] }),
      servers({ 'cluster-domain': 'a.example' }, { 'cluster-domain': 'b.example' }),
      servers({}, { 'disable-network-policy': true }),
      servers({ 'flannel-backend': 'host-gw' }, {}),
      servers({ 'cluster-cidr': ['10.42.0.0/16', 'fd00::/56'] }, { 'cluster-cidr': ['fd00::/56', '10.42.0.0/16'] }),
      servers({}, {}, { 'egress-selector-mode': 'cluster' }),
      servers({}, { 'secrets-encryption': true }),
      servers({ 'node-ip': ['192.168.1.5'] }, { 'node-ip': ['fd00::5'] }),
      servers({ 'node-ip': ['192.168.1.5'] }, { 'cluster-cidr': ['fd00:42::/56'] }),
    ],
    passes: [
      subject(),
      assumed,
      servers({}, {}, {}),
      servers({}, { 'cluster-cidr': ['10.42.0.0/16'], 'flannel-backend': 'vxlan', 'disable-network-policy': false }),
      servers({ 'cluster-cidr': ['192.168.200.0/16'] }, { 'cluster-cidr': ['192.168.0.0/16'] }),
      servers({ 'cluster-dns': ['fd00:43:0::a'] }, { 'cluster-dns': ['fd00:43::a'] }),
      servers({ 'tls-san': ['a'] }, { 'tls-san': ['b'] }),
      servers({}, { 'node-ip': ['fd00::5'] }),
      servers({}, { 'cluster-cidr': ['fd00:42::/56'] }),
      subject({
        scope: 'capture',
        nodes: [node({ settings: { 'cluster-domain': 'a.example' } }), node({ name: 'pi-2' })],
      }),
    ],
  },
  'con-disable-equal': {
    fails: [
      servers({ disable: ['traefik'] }, {}),
      servers({ disable: ['traefik', 'coredns'] }, { disable: ['coredns'] }),
    ],
    passes: [
      servers({}, {}),
      servers({ disable: ['traefik', 'coredns'] }, { disable: ['coredns, traefik'] }),
      servers({ disable: ['servicelb'] }, {}),
    ],
  },
  'con-servicelb-equal': {
    fails: [servers({ disable: ['servicelb'] }, {}), servers({}, { disable: 'traefik,servicelb' })],
    passes: [servers({}, {}), servers({ disable: ['servicelb'] }, { disable: ['traefik', 'servicelb'] })],
  },
  'con-kube-proxy-equal': {
    fails: [servers({}, { 'disable-kube-proxy': true })],
    passes: [
      servers({}, { 'disable-kube-proxy': false }),
      servers({ 'disable-kube-proxy': true }, { 'disable-kube-proxy': 'T' }),
    ],
  },
  'con-nodeport-equal': {
    fails: [servers({}, { 'service-node-port-range': '30000-31000' })],
    passes: [servers({}, { 'service-node-port-range': '30000-32767' })],
  },
  'con-servicelb-ns-equal': {
    fails: [servers({ 'servicelb-namespace': 'lb' }, {})],
    passes: [servers({ 'servicelb-namespace': 'kube-system' }, {})],
  },
  'con-https-port-equal': {
    fails: [servers({ 'https-listen-port': 7443 }, {})],
    passes: [servers({ 'https-listen-port': 6443 }, {})],
  },
  'con-flannel-conf-all': {
    fails: [
      subject({ nodes: [withConf('pi-1', vxlan), withConf('pi-2', undefined, false)] }),
      subject({ nodes: [withConf('pi-1', vxlan), withConf('pi-2', '{"Backend":{"Type":"vxlan","VNI":2}}')] }),
      subject({ nodes: [withConf('pi-1', vxlan), withConf('pi-2', '{"backend":{"type":"host-gw"}}')] }),
      subject({ nodes: [withConf('pi-1', vxlan), withConf('pi-2', '{"Backend":{"Type":"vxlan","Port":4789}}')] }),
    ],
    passes: [
      subject(),
      subject({
        nodes: [
          withConf('pi-1', vxlan),
          withConf('pi-2', '{"Backend":{"TYPE":"vxlan","vni":1,"Port":8472,"DirectRouting":true}}'),
        ],
      }),
      subject({ nodes: [withConf('pi-1', vxlan), withConf('pi-2', '{"Backend":')] }),
      subject({ nodes: [withConf('pi-1', undefined), withConf('pi-2', undefined)] }),
    ],
  },
  'con-manifests-equal': {
    fails: [subject({ nodes: [withFiles('pi-1', { 'lan.yaml': 'a' }), withFiles('pi-2', { 'lan.yaml': 'b' })] })],
    passes: [
      subject({ nodes: [withFiles('pi-1', { 'lan.yaml': 'a' }), withFiles('pi-2', { 'lan.yaml': 'a' })] }),
      subject({ nodes: [withFiles('pi-1', { 'lan.yaml': 'a' }), withFiles('pi-2', { 'web.yaml': 'b' })] }),
      subject({ nodes: [withFiles('pi-1', { 'coredns.yaml': 'a' }), withFiles('pi-2', { 'coredns.yaml': 'b' })] }),
      subject({ nodes: [withFiles('pi-1', { 'notes.txt': 'a' }), withFiles('pi-2', { 'notes.txt': 'b' })] }),
    ],
  },
  'con-token-agent': {
    fails: [servers({ 'agent-token': 'one' }, { 'agent-token': 'two' }), servers(masked, {}), servers({}, masked)],
    passes: [
      servers({}, {}),
      servers(masked, masked),
      servers(masked, { 'agent-token': 'two' }),
      servers({ 'agent-token': 'one' }, { 'agent-token': 'one' }),
      servers(masked, { 'agent-token-file': '/etc/token' }),
    ],
  },
  'con-immutable': {
    fails: [
      changed({}, { 'cluster-cidr': ['10.50.0.0/16'] }),
      changed({ 'service-cidr': ['10.60.0.0/16'] }, { 'service-cidr': ['10.43.0.0/16'] }),
      changed({}, { 'cluster-dns': ['10.43.0.53'] }),
      changed({ 'cluster-domain': 'a.example' }, { 'cluster-domain': 'b.example' }),
      changed({}, { 'cluster-cidr': ['10.42.0.0/16', 'fd00:42::/56'] }),
      { ...servers({}), before: saidBy(servers({ 'cluster-cidr': ['10.50.0.0/16'] }), 'repository', 'network.yaml') },
      {
        ...servers({}),
        before: saidBy(
          servers({ 'cluster-cidr': ['10.50.0.0/16'] }),
          'drop-in',
          '/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml',
        ),
      },
      { ...servers({ 'cluster-domain': 'a.example' }), before: servers({}) },
    ],
    passes: [
      servers({ 'cluster-cidr': ['10.50.0.0/16'] }),
      changed({}, { 'cluster-cidr': ['10.42.0.0/16'], 'cluster-dns': ['10.43.0.10'] }),
      changed({ 'cluster-cidr': ['10.50.0.0/16'] }, {}),
      changed({ 'cluster-domain': 'a.example' }, { 'tls-san': 'k3s.lan' }),
      { ...servers({ 'cluster-domain': 'a.example' }), before: { ...servers({}), scope: 'capture' } },
    ],
  },
  'con-server-restarts': {
    fails: [
      {
        ...servers({ 'tls-san': 'a' }, { 'tls-san': 'a' }),
        before: { ...servers({}, {}), scope: 'machine', nodes: servers({ 'tls-san': 'b' }, { 'tls-san': 'b' }).nodes },
      },
    ],
    passes: [
      servers({ 'tls-san': 'a' }, { 'tls-san': 'a' }),
      { ...servers({ disable: ['traefik', 'coredns'] }, {}), before: servers({ disable: ['coredns', 'traefik'] }, {}) },
      { ...servers({ 'tls-san': 'a' }, {}), before: servers({}, {}) },
      { ...assumed, before: servers({}, {}) },
    ],
  },
})

function said(id: string, of: LintSubject): readonly string[] {
  return runRules(
    consistencyRules.rules.filter((rule) => rule.id === id),
    of,
  ).map(({ severity, what, place }) => `${severity} ${place.file}: ${what}`)
}

describe('what is said', () => {
  test('both servers and both values, at the server that differs', () => {
    expect(
      said('con-critical-equal', servers({ 'cluster-domain': 'a.example' }, {}, { 'cluster-domain': 'b.example' })),
    ).toEqual([
      'error config.yaml#cluster-domain: cluster-domain is cluster.local on server pi-2 and a.example on server pi-1',
      'error config.yaml#cluster-domain: cluster-domain is b.example on server pi-3 and a.example on server pi-1',
    ])
  })

  test('a changed range is one finding: the DNS address follows it', () => {
    expect(said('con-immutable', changed({}, { 'service-cidr': ['10.60.0.0/16'] }))).toEqual([
      'error config.yaml#service-cidr: service-cidr changes from 10.43.0.0/16 to 10.60.0.0/16',
    ])
  })

  test('a range that the repository did not write before may be the one that the cluster has', () => {
    expect(said('con-immutable', { ...servers({ 'cluster-cidr': ['10.50.0.0/16'] }), before: servers({}) })).toEqual([
      'warning config.yaml#cluster-cidr: cluster-cidr changes from 10.42.0.0/16 (not written) to 10.50.0.0/16',
    ])
  })

  test('the servers that restart, and for what', () => {
    const before = { ...servers({}, {}, {}), scope: 'machine' } as const
    const told = {
      ...before,
      nodes: before.nodes.map((one) => ({
        ...one,
        config: { files: [], ignoredFiles: [], arguments: [], environment: [] },
      })),
    }
    const after = servers({ 'disable-kube-proxy': true }, { disable: ['traefik'] }, {})
    expect(said('con-server-restarts', { ...after, before: told })).toEqual([
      'notice clusters/home/network.yaml: 2 servers restart one after another for disable, disable-kube-proxy: pi-1, pi-2',
    ])
  })

  test('no token, neither in the text nor in the line', () => {
    const problems = runRules(
      consistencyRules.rules,
      servers({ 'agent-token': 'first-secret' }, { 'agent-token': 'second-secret' }),
    )
    expect(problems.map(({ code }) => code)).toEqual(['CON_TOKEN_AGENT'])
    expect(JSON.stringify(problems)).not.toContain('secret"')
    expect(JSON.stringify(problems)).not.toMatch(/first-secret|second-secret/)
    expect(problems.every(({ sourceLine }) => sourceLine === undefined)).toBe(true)
  })
})

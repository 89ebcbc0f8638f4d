import { configFileRules } from '../../../src/lint/config-file/config-file-rules.ts'
import { desiredState } from '../../lab/desired-state.ts'
import { at, subject } from '../../lab/lint-subject.ts'
import { agent, machine, managed, server, written } from '../config-file/config-subjects.ts'
import { configFile, dropIn, entry, list, scalar } from '../config-file/node-config.ts'
import { testRules } from './rule-cases.ts'

const commonConfig = written(
  entry('write-kubeconfig-mode', scalar('0644', { isQuoted: true })),
  entry('disable', list(scalar('traefik'))),
  entry('cluster-init', scalar('true', { type: 'boolean' })),
  entry('node-label', list(scalar('zone=a'))),
)

testRules(configFileRules, {
  'cfg-unknown-key-server': {
    fails: [
      server({ 'flannel-backed': 'host-gw' }),
      server({ 'disable-apiserver-lb': true }),
      server({ 'embedded-registry': true }, 'v1.28.5+k3s1'),
      server({ 'write-kubeconfig-group': 'wheel' }, 'v1.29.5+k3s1'),
      written(entry('cluster-cdir', '10.42.0.0/16')),
    ],
    passes: [
      server({ 'flannel-backend': 'host-gw', 'etcd-s3': true, v: 2 }),
      server({ 'disable-apiserver': true }),
      server({ 'embedded-registry': true }, 'v1.28.6+k3s1'),
      server({ 'embedded-registry': true }, 'not a release'),
      // Named by ver-external-ip.
      server({ 'flannel-external-ip': true }, 'v1.24.6+k3s1'),
      agent({ 'flannel-backed': 'host-gw' }),
      written(entry('t', 'abc'), entry('i', '10.0.0.1')),
      commonConfig,
    ],
  },
  'cfg-unknown-key-agent': {
    fails: [
      agent({ 'node-labels': 'a=b' }),
      agent({ 'bind-address': '0.0.0.0' }, 'v1.30.0+k3s1'),
      agent({ 'nonroot-devices': true }, 'v1.31.2+k3s1'),
    ],
    passes: [
      agent({ 'node-label': 'a=b', 'disable-apiserver-lb': true }),
      agent({ 'bind-address': '0.0.0.0' }, 'v1.30.1+k3s1'),
      agent({ 'cluster-cidr': '10.42.0.0/16' }),
      agent({ 'node-external-dns': 'a.example' }, 'v1.28.1+k3s1'),
      server({ 'node-labels': 'a=b' }),
    ],
  },
  'cfg-server-key-on-agent': {
    fails: [
      agent({ 'cluster-cidr': '10.42.0.0/16' }),
      agent({ disable: ['traefik'] }),
      agent({ 'flannel-external-ip': true }),
      agent({ 'tls-san': 'k3s.example' }),
    ],
    passes: [agent({ 'node-ip': '10.0.0.2', 'kubelet-arg': 'v=2' }), server({ 'cluster-cidr': '10.42.0.0/16' })],
  },
  'cfg-file-unsupported': {
    fails: [
      machine({ files: [configFile([entry('v', '1')])] }, 'v1.18.20+k3s1'),
      machine({ files: [configFile([entry('v', '1')], dropIn('10.yaml'))] }, 'v1.20.15+k3s1'),
      machine({ files: [configFile([entry('disable+', 'traefik')])] }, 'v1.21.0+k3s1'),
      server({ 'node-ip': '10.0.0.1' }, 'v1.20.15+k3s1'),
    ],
    passes: [
      machine({ files: [configFile([entry('v', '1')])] }, 'v1.19.1+k3s1'),
      machine({ files: [configFile([entry('v', '1')], dropIn('10.yaml'))] }, 'v1.21.0+k3s1'),
      machine({ files: [configFile([entry('disable+', 'traefik')])] }, 'v1.21.1+k3s1'),
      machine({ files: [configFile([entry('disable+', 'traefik')])] }, 'unknown'),
      server({}, 'v1.20.15+k3s1'),
    ],
  },
  'cfg-map-value': {
    fails: [
      written(entry('kubelet-arg', { kind: 'map' })),
      written(entry('node-label', list({ kind: 'map' }))),
      written(entry('node-label', list(list(scalar('a=b'))))),
    ],
    passes: [commonConfig],
  },
  'cfg-null-nonstring': {
    fails: [
      written(entry('https-listen-port', scalar('', { type: 'null' }))),
      written(entry('cluster-init', scalar('', { isQuoted: true }))),
      server({ 'flannel-ipv6-masq': '' }),
    ],
    passes: [
      written(entry('token', scalar('', { type: 'null' }))),
      written(entry('disable', list())),
      server({ 'flannel-ipv6-masq': true, 'node-name': '' }),
      commonConfig,
    ],
  },
  'cfg-bool-typed-string': {
    fails: [
      written(entry('cluster-init', scalar('true', { isQuoted: true }))),
      written(entry('cluster-init', scalar('yes', { isQuoted: true }))),
      written(entry('node-name', scalar('true', { type: 'boolean', source: 'on' }))),
      written(entry('disable', list(scalar('false', { type: 'boolean', source: 'no' })))),
    ],
    passes: [
      written(entry('cluster-init', scalar('true', { type: 'boolean', source: 'yes' }))),
      written(entry('node-name', scalar('on', { isQuoted: true }))),
      written(entry('nobody-knows-this', scalar('true', { isQuoted: true }))),
      commonConfig,
    ],
  },
  'cfg-value-type': {
    fails: [
      server({ 'https-listen-port': 'abc' }),
      server({ 'secrets-encryption': 'yes' }),
      server({ 'etcd-snapshot-retention': '5.5' }),
      agent({ 'lb-server-port': '08' }),
      server({ debug: 'on' }),
    ],
    passes: [
      server({
        'https-listen-port': '7443',
        v: 0,
        debug: 'T',
        'secrets-encryption': true,
        'etcd-s3-retention': '0x10',
      }),
      server({ 'https-listen-port': '', 'write-kubeconfig-mode': '0644', 'unheard-of': 'abc' }),
      commonConfig,
    ],
  },
  'cfg-octal': {
    fails: [written(entry('write-kubeconfig-mode', scalar('420', { type: 'integer', source: '0644' })))],
    passes: [
      written(entry('write-kubeconfig-mode', scalar('644', { type: 'integer' }))),
      written(entry('v', scalar('0', { type: 'integer' }))),
      written(entry('write-kubeconfig-mode', scalar('0o644'))),
      commonConfig,
    ],
  },
  'cfg-duplicate-key': {
    fails: [written(entry('v', '1'), entry('debug', 'true'), entry('v', '2'))],
    passes: [
      written(entry('disable', 'traefik'), entry('disable+', 'servicelb')),
      machine({ files: [configFile([entry('v', '1')]), configFile([entry('v', '2')], dropIn('10.yaml'))] }),
      commonConfig,
    ],
  },
  'cfg-alias-conflict': {
    fails: [
      written(entry('token', 'a'), entry('t', 'b')),
      machine({ files: [configFile([entry('node-ip', '10.0.0.1')])], arguments: { i: '10.0.0.1' } }),
      subject({ desired: desiredState({ k3sFlags: { nodes: { 'node-ip': '10.0.0.1', i: '10.0.0.2' } } }) }),
    ],
    passes: [
      subject({ desired: desiredState({ k3sFlags: { servers: { 'tls-san': ['a'] }, nodes: { i: '10.0.0.2' } } }) }),
      machine({ files: [configFile([entry('token', 'a')])], arguments: { token: 'b' } }),
      written(entry('node-ip', '10.0.0.1'), entry('node-ip+', 'fd00::1')),
      commonConfig,
    ],
  },
  'cfg-list-in-two-sources': {
    fails: [
      machine({ files: [configFile([entry('disable', 'traefik')])], arguments: { disable: 'servicelb' } }),
      machine({ files: [configFile([entry('node-ip', '10.0.0.1')])], arguments: { i: 'fd00::1' } }),
    ],
    passes: [
      machine({ files: [configFile([entry('v', '1')])], arguments: { v: '2' } }),
      machine({ files: [configFile([entry('disable', 'traefik')])], arguments: { 'tls-san': 'a' } }),
    ],
  },
  'cfg-scalar-append': {
    fails: [written(entry('flannel-backend+', 'host-gw'))],
    passes: [written(entry('disable+', 'traefik')), written(entry('nobody-knows-this+', 'a')), commonConfig],
  },
  'cfg-later-dropin-overrides': {
    fails: [
      machine({ files: [managed, configFile([entry('disable', 'servicelb')], dropIn('99-site.yaml'))] }),
      machine({ files: [managed, configFile([entry('disable+', 'servicelb')], dropIn('99-site.yaml'))] }),
    ],
    passes: [
      machine({ files: [configFile([entry('disable', 'servicelb')]), managed] }),
      machine({ files: [managed, configFile([entry('node-label', 'a=b')], dropIn('99-site.yaml'))] }),
      machine({ files: [configFile([entry('disable', 'servicelb')], dropIn('99-site.yaml'))] }),
    ],
  },
  'cfg-plain-after-append': {
    fails: [
      written(entry('disable+', 'traefik'), entry('disable', 'servicelb')),
      machine({
        files: [
          configFile([entry('disable', 'coredns'), entry('disable+', 'traefik')]),
          configFile([entry('disable', 'servicelb')], dropIn('10.yaml')),
        ],
      }),
    ],
    passes: [written(entry('disable', 'servicelb'), entry('disable+', 'traefik')), commonConfig],
  },
  'cfg-dropin-ignored-name': {
    fails: [machine({ ignoredFiles: [at(dropIn('10-site.yaml.bak'))] })],
    passes: [commonConfig],
  },
  'cfg-env-cidr': {
    fails: [
      machine({ environment: { K3S_CLUSTER_CIDR: '10.42.0.0/16' } }),
      machine({ environment: { K3S_DISABLE: 'traefik' } }),
      machine({ environment: { K3S_SERVER: 'https://a:6443' } }),
    ],
    passes: [
      machine({
        environment: {
          K3S_NODE_NAME: 'a',
          K3S_URL: 'https://a:6443',
          K3S_TOKEN: 'x',
          K3S_ROOTLESS_CIDR: '10.41.0.0/16',
          HTTP_PROXY: 'http://p',
          CLUSTER_CIDR: '10.0.0.0/8',
        },
      }),
    ],
  },
  'cfg-env-file-wins': {
    fails: [machine({ environment: { K3S_CONFIG_FILE: '/a.yaml' }, arguments: { c: '/b.yaml' } })],
    passes: [
      machine({ environment: { K3S_CONFIG_FILE: '/a.yaml' }, arguments: { config: '/a.yaml' } }),
      machine({ environment: { K3S_CONFIG_FILE: '' }, arguments: { config: '/a.yaml' } }),
      machine({ environment: { K3S_CONFIG_FILE: '/a.yaml' } }),
    ],
  },
  'cfg-comma-space': {
    fails: [
      server({ 'cluster-cidr': '10.42.0.0/16, fd00:42::/56' }),
      agent({ 'node-ip': '10.0.0.1 ,fd00::1' }),
      server({ 'tls-san': ['a.example, b.example'] }),
    ],
    passes: [
      server({ 'cluster-cidr': ['10.42.0.0/16', 'fd00:42::/56'] }),
      server({ 'cluster-cidr': '10.42.0.0/16,fd00:42::/56' }),
      server({ disable: 'traefik, servicelb' }),
      server({ 'kubelet-arg': 'feature-gates=A=true, B=true' }),
    ],
  },
  'cfg-multidoc': {
    fails: [machine({ files: [configFile([], dropIn('10.yaml'), 2)] })],
    passes: [commonConfig, machine({ files: [configFile([], dropIn('10.yaml'), 0)] })],
  },
  'cfg-kubelet-dup': {
    fails: [
      agent({ 'kubelet-arg': ['max-pods=50', 'max-pods=110'] }),
      server({ 'kube-proxy-arg': ['proxy-mode=ipvs', '--proxy-mode=nftables'] }),
      server({ 'kubelet-arg': ['feature-gates+=A=true', 'feature-gates=B=true'] }),
    ],
    passes: [
      agent({ 'kubelet-arg': ['max-pods=50', 'node-ip=10.0.0.1'] }),
      agent({ 'kubelet-arg': ['feature-gates=A=true', 'feature-gates+=B=true', 'feature-gates-=C=true'] }),
      server({ 'kube-apiserver-arg': ['v=1', 'v=2'] }),
    ],
  },
})

import { expect, test } from 'vitest'
import type { KubernetesObject } from '../../../src/domain/facts.ts'
import { customCniRules } from '../../../src/lint/custom-cni/custom-cni-rules.ts'
import { cniOfChart } from '../../../src/lint/custom-cni/declared-cni.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import type { LintSubject } from '../../../src/lint/subject.ts'
import { desiredState } from '../../lab/desired-state.ts'
import { node, object, subject } from '../../lab/lint-subject.ts'
import { testRules } from '../rules/rule-cases.ts'

type Values = Readonly<Record<string, unknown>>

const none = { 'flannel-backend': 'none' }

function made(apiVersion: string, kind: string, name: string, rest: Values): KubernetesObject {
  return { apiVersion, kind, metadata: { name, namespace: 'kube-system' }, ...rest }
}

function cluster(
  objects: readonly KubernetesObject[],
  settings: Readonly<Record<string, string | boolean | readonly string[]>> = none,
  extra = {},
): LintSubject {
  return subject({ nodes: [node({ settings })], objects: objects.map((one) => object(one)), ...extra })
}

/** The documents that say this of the CNI, and what K3s is then told. */
function written(cni: Values, settings: Values = none): LintSubject {
  return subject({
    nodes: [node({ settings: { ...none, ...settings } as typeof none })],
    desired: desiredState({ cni }),
  })
}

const daemonSet = (name: string, env: Values = {}, volumes: Values = {}) =>
  made('apps/v1', 'DaemonSet', name, {
    spec: {
      template: {
        spec: {
          containers: [{ name, env: Object.entries(env).map(([key, value]) => ({ name: key, value })) }],
          volumes: Object.entries(volumes).map(([key, path]) => ({ name: key, hostPath: { path } })),
        },
      },
    },
  })
const chart = (name: string, valuesContent = '', spec: Values = {}) =>
  made('helm.cattle.io/v1', 'HelmChart', name, { spec: { chart: name, valuesContent, ...spec } })
const configMap = (name: string, data: Values) => made('v1', 'ConfigMap', name, { data })
const installation = (calicoNetwork: Values) =>
  made('operator.tigera.io/v1', 'Installation', 'default', { spec: { calicoNetwork } })
const ipPool = (cidr: string, spec: Values = {}) =>
  made('crd.projectcalico.org/v1', 'IPPool', 'default-ipv4-ippool', { spec: { cidr, ...spec } })
const attachment = (ipam: Values) =>
  made('k8s.cni.cncf.io/v1', 'NetworkAttachmentDefinition', 'lan', {
    spec: { config: JSON.stringify({ type: 'macvlan', master: 'eth0', ipam }) },
  })

const cniConfig = (settings: string) =>
  `{"name":"k8s-pod-network","plugins":[{"type":"calico","mtu": __CNI_MTU__,"nodename":"__KUBERNETES_NODE_NAME__"${settings}},{"type":"portmap"}]}`
const forwarding = ',"container_settings":{"allow_ip_forwarding":true}'
const replaced = { 'disable-kube-proxy': true, ...none }
const two = [node({ settings: none }), node({ name: 'pi-2', role: 'agent' })]
const hash = 'a'.repeat(64)
const data = '/var/lib/rancher/k3s'
const multus = (confDir: string, binDir: string) =>
  chart('rke2-multus', `config:\n  cni_conf:\n    confDir: ${confDir}\n    binDir: ${binDir}\n`)

testRules(customCniRules, {
  'cni-none-without-cni': {
    fails: [
      cluster([]),
      written({ plugin: 'none' }),
      written({ plugin: 'calico' }),
      cluster([daemonSet('kube-multus-ds')]),
    ],
    passes: [
      subject(),
      cluster([daemonSet('calico-node')]),
      cluster([chart('cilium')]),
      written({ plugin: 'cilium', chart: { repository: 'https://helm.cilium.io' } }),
      written({ plugin: 'canal', manifest: 'canal.yaml' }),
      subject({ nodes: [node({ settings: none, facts: { isReady: true } })] }),
    ],
  },
  'cni-with-flannel': {
    fails: [
      cluster([daemonSet('calico-node')], {}),
      cluster([chart('cilium')], { 'flannel-backend': 'host-gw' }),
      cluster([installation({})], {}),
      cluster([daemonSet('cilium'), configMap('cilium-config', { 'cni-chaining-mode': 'portmap' })], {}),
    ],
    passes: [
      cluster([daemonSet('calico-node')]),
      cluster([chart('rke2-multus'), daemonSet('kube-multus-ds')], {}),
      cluster([daemonSet('calico-node', { CALICO_NETWORKING_BACKEND: 'none' })], {}),
      cluster([chart('cilium', 'cni:\n  chainingMode: generic-veth\n')], {}),
      cluster([daemonSet('cilium'), configMap('cilium-config', { 'cni-chaining-mode': 'aws-cni' })], {}),
    ],
  },
  'cni-switch-live': {
    fails: [
      { ...cluster([daemonSet('cilium')]), before: subject() },
      { ...subject(), before: cluster([daemonSet('cilium')]) },
      { ...cluster([daemonSet('cilium')]), before: cluster([daemonSet('calico-node')]) },
    ],
    passes: [
      subject(),
      { ...cluster([chart('cilium')]), before: cluster([daemonSet('cilium')]) },
      { ...subject(), before: cluster([]) },
    ],
  },
  'cni-kpr-flag': {
    fails: [
      cluster([chart('cilium', 'kubeProxyReplacement: true')]),
      cluster([chart('cilium')], replaced),
      cluster([configMap('cilium-config', { 'kube-proxy-replacement': 'false' })], replaced),
      written({ plugin: 'cilium', kubeProxyReplacement: true }),
    ],
    passes: [
      cluster([chart('cilium', 'kubeProxyReplacement: strict')], replaced),
      cluster([chart('cilium')]),
      cluster([configMap('cilium-config', { 'kube-proxy-replacement': 'partial' })], replaced),
    ],
  },
  'cni-cilium-apihost': {
    fails: [
      cluster([chart('cilium', 'kubeProxyReplacement: true')], replaced),
      cluster([configMap('cilium-config', { 'kube-proxy-replacement': 'true' }), daemonSet('cilium')], replaced),
      written({ plugin: 'cilium', kubeProxyReplacement: true }, replaced),
    ],
    passes: [
      cluster(
        [chart('cilium', 'kubeProxyReplacement: true\nk8sServiceHost: 10.0.0.1\nk8sServicePort: 6443\n')],
        replaced,
      ),
      cluster(
        [
          configMap('cilium-config', { 'kube-proxy-replacement': 'true' }),
          daemonSet('cilium', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }),
        ],
        replaced,
      ),
      written({ plugin: 'cilium', kubeProxyReplacement: true, apiServer: { host: '10.0.0.1' } }, replaced),
      cluster([chart('cilium', 'kubeProxyReplacement: true')]),
    ],
  },
  'cni-pool-mismatch': {
    fails: [
      cluster([ipPool('192.168.0.0/16')]),
      cluster([ipPool('10.42.0.0/24')]),
      cluster([installation({ ipPools: [{ cidr: '10.244.0.0/16' }] })]),
      cluster([daemonSet('calico-node', { CALICO_IPV4POOL_CIDR: '192.168.0.0/16' })]),
      cluster([configMap('canal-config', { 'net-conf.json': '{"Network": "10.244.0.0/16"}' })]),
      cluster([chart('cilium', 'ipam:\n  operator:\n    clusterPoolIPv4PodCIDRList: ["10.0.0.0/8"]\n')]),
      cluster([configMap('cilium-config', { 'cluster-pool-ipv4-cidr': '10.0.0.0/8' })]),
      written({
        plugin: 'calico',
        chart: {
          repository: 'https://x.example',
          values: { installation: { calicoNetwork: { ipPools: [{ cidr: '192.168.0.0/16' }] } } },
        },
      }),
    ],
    passes: [
      cluster([ipPool('10.42.0.0/16'), ipPool('192.168.9.0/24', { allowedUses: ['LoadBalancer'] })]),
      cluster([daemonSet('calico-node', { CALICO_IPV4POOL_CIDR: '10.42.0.0/16' })]),
      cluster([configMap('canal-config', { 'net-conf.json': 'broken {' })]),
      cluster([
        chart('cilium', 'ipam:\n  mode: kubernetes\n  operator:\n    clusterPoolIPv4PodCIDRList: 10.0.0.0/8\n'),
      ]),
      cluster([chart('cilium', 'ipam: [')]),
    ],
  },
  'cni-calico-forward': {
    fails: [
      cluster([installation({})]),
      cluster([configMap('calico-config', { cni_network_config: cniConfig('') })]),
      cluster([configMap('canal-config', { cni_network_config: cniConfig('') })]),
      cluster([chart('tigera-operator')]),
    ],
    passes: [
      cluster([installation({ containerIPForwarding: 'Enabled' })]),
      cluster([configMap('calico-config', { cni_network_config: cniConfig(forwarding) })]),
      cluster([configMap('calico-config', { cni_network_config: 'not json' })]),
      cluster([installation({})], { ...none, disable: ['servicelb'] }),
    ],
  },
  'cni-helmchart-bootstrap': {
    fails: [
      cluster([chart('cilium')]),
      cluster([
        made('helm.cattle.io/v1', 'HelmChart', 'net', { spec: { chart: 'oci://quay.io/cilium/charts/cilium' } }),
      ]),
    ],
    passes: [
      cluster([chart('cilium', '', { bootstrap: true })]),
      cluster([chart('grafana')]),
      cluster([chart('cilium')], {}),
    ],
  },
  'cni-helmchart-reinstall': {
    fails: [
      cluster([chart('cilium')]),
      cluster([
        chart('cilium', '', { failurePolicy: 'abort' }),
        made('helm.cattle.io/v1', 'HelmChartConfig', 'cilium', { spec: { failurePolicy: 'reinstall' } }),
      ]),
    ],
    passes: [
      cluster([chart('cilium', '', { failurePolicy: 'abort' })]),
      cluster([chart('grafana')]),
      cluster([chart('rke2-multus')]),
      cluster([chart('cilium')], none, { version: 'v1.23.4+k3s1' }),
    ],
  },
  'cni-cilium-hostport': {
    fails: [
      cluster([chart('cilium')]),
      cluster([chart('cilium', 'kubeProxyReplacement: disabled')]),
      cluster([configMap('cilium-config', { 'kube-proxy-replacement': 'false' })]),
      written({ plugin: 'cilium', chart: { repository: 'https://helm.cilium.io' } }),
    ],
    passes: [
      subject(),
      cluster([chart('cilium')], { ...none, disable: ['servicelb'] }),
      cluster([chart('cilium', 'kubeProxyReplacement: true')]),
      cluster([chart('cilium', 'kubeProxyReplacement: probe')]),
      cluster([chart('cilium', 'cni:\n  chainingMode: portmap\n')]),
      cluster([chart('cilium', 'hostPort:\n  enabled: true\n')]),
      cluster([
        chart('cilium'),
        made('helm.cattle.io/v1', 'HelmChartConfig', 'cilium', {
          spec: { valuesContent: 'kubeProxyReplacement: true' },
        }),
      ]),
      cluster([configMap('cilium-config', { 'kube-proxy-replacement': 'false', 'enable-host-port': 'true' })]),
      cluster([chart('rke2-canal')]),
      written({ plugin: 'cilium', kubeProxyReplacement: true, chart: { repository: 'https://helm.cilium.io' } }),
    ],
  },
  'cni-multus-dirs': {
    fails: [
      cluster([multus('/etc/cni/net.d', '/opt/cni/bin')], {}),
      cluster([multus(`${data}/agent/etc/cni/net.d`, `${data}/data/current/bin`)], {}),
      cluster(
        [daemonSet('kube-multus-ds', {}, { cni: `${data}/agent/etc/cni/net.d`, cnibin: `${data}/data/cni` })],
        none,
      ),
    ],
    passes: [
      cluster([multus(`${data}/agent/etc/cni/net.d/`, `${data}/data/cni/`)], {}),
      cluster([multus(`${data}/agent/etc/cni/net.d`, `${data}/data/current/bin`)], {}, { version: 'v1.30.5+k3s1' }),
      cluster([multus('/etc/cni/net.d', '/opt/cni/bin')]),
      cluster([daemonSet('kube-multus-ds', {}, { cni: '/opt/k3s/agent/etc/cni/net.d', cnibin: '/opt/k3s/data/cni' })], {
        'data-dir': '/opt/k3s/',
      }),
      cluster([chart('rke2-multus')], {}),
    ],
  },
  'cni-bin-hash': {
    fails: [
      cluster([multus(`${data}/agent/etc/cni/net.d`, `${data}/data/${hash}/bin`)], {}),
      cluster([daemonSet('x', {}, { cnibin: `${data}/data/${hash}/bin` })]),
    ],
    passes: [cluster([multus('/etc/cni/net.d', `${data}/data/current/bin`)])],
  },
  'cni-macvlan-ipam': {
    fails: [
      subject({ nodes: two, objects: [object(attachment({ type: 'host-local', subnet: '192.168.1.0/24' }))] }),
      subject({
        nodes: two,
        desired: desiredState({
          cni: { secondary: { macvlan: [{ name: 'lan', interface: 'eth0', subnet: '192.168.1.0/24' }] } },
        }),
      }),
    ],
    passes: [
      subject({ nodes: two, objects: [object(attachment({ type: 'whereabouts' }))] }),
      subject({ objects: [object(attachment({ type: 'host-local' }))] }),
      subject({ nodes: two, facts: { origin: 'assumed' }, objects: [object(attachment({ type: 'host-local' }))] }),
      subject({
        nodes: two,
        desired: desiredState({ cni: { secondary: { macvlan: [{ name: 'lan', interface: 'eth0' }] } } }),
      }),
    ],
  },
})

const severities = [
  {
    id: 'cni-pool-mismatch',
    subject: cluster([ipPool('10.42.0.0/24')]),
    expected: 'warning',
    because: 'a part of the range works',
  },
  {
    id: 'cni-pool-mismatch',
    subject: cluster([ipPool('10.0.0.0/8')]),
    expected: 'error',
    because: 'pods outside the range are strangers',
  },
  {
    id: 'cni-calico-forward',
    subject: cluster([installation({})]),
    expected: 'warning',
    because: 'newer ServiceLB copes mostly',
  },
  {
    id: 'cni-calico-forward',
    subject: cluster([installation({})], none, { version: 'v1.21.2+k3s1' }),
    expected: 'error',
    because: 'its pods crash',
  },
  {
    id: 'cni-none-without-cni',
    subject: written({ plugin: 'calico' }),
    expected: 'error',
    because: 'nothing installs it',
  },
  {
    id: 'cni-none-without-cni',
    subject: written({ plugin: 'none' }),
    expected: 'warning',
    because: 'somebody else may install one',
  },
]

for (const { id, subject: given, expected, because } of severities) {
  test(`${id} is ${expected === 'error' ? 'an error' : 'a warning'}: ${because}`, () => {
    const found = runRules(
      customCniRules.rules.filter((rule) => rule.id === id),
      given,
    )
    expect(found.map(({ severity }) => severity)).toEqual([expected])
  })
}

const references = [
  { reference: 'cilium', name: 'cilium' },
  { reference: 'https://charts.example/cilium-1.17.4.tgz', name: 'cilium' },
  { reference: 'oci://quay.io/cilium/charts/cilium', name: 'cilium' },
  { reference: 'projectcalico/tigera-operator-v3.30.0.tgz', name: 'calico' },
  { reference: 'constructor', name: undefined },
  { reference: '', name: undefined },
]

for (const { reference, name } of references) {
  test(`chart ${JSON.stringify(reference)} is ${name ?? 'no plugin'}`, () => expect(cniOfChart(reference)).toBe(name))
}

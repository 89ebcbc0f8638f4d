import fc from 'fast-check'
import { expect, test } from 'vitest'
import { controllerRules } from '../../../src/lint/controllers/controller-rules.ts'
import { customCniRules } from '../../../src/lint/custom-cni/custom-cni-rules.ts'
import { firewallRules } from '../../../src/lint/firewall/firewall-rules.ts'
import { flannelRules } from '../../../src/lint/flannel/flannel-rules.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import { desiredState } from '../../lab/desired-state.ts'
import { at, node, object, service, subject } from '../../lab/lint-subject.ts'

const rules = [flannelRules, controllerRules, customCniRules, firewallRules].flatMap((group) => group.rules)

/** What Fairlead renders for a ClusterNetwork that says nothing. */
const rendered = {
  'flannel-backend': 'vxlan',
  'disable-network-policy': false,
  'disable-cloud-controller': false,
  'disable-kube-proxy': false,
  disable: [],
}

const versions = ['v1.17.4+k3s1', 'v1.21.2+k3s1', 'v1.24.17+k3s1', 'v1.28.6+k3s1', 'v1.33.4+k3s1', 'v1.36.0+k3s1']

for (const version of versions) {
  test(`a default cluster of ${version} has no finding, as documents, as a capture and as a machine`, () => {
    const agent = node({ name: 'pi-2', role: 'agent', facts: { addresses: ['192.168.1.6'] } })
    const clusters = [
      subject({
        version,
        desired: desiredState(),
        facts: { origin: 'assumed' },
        nodes: [node({ settings: rendered }), node({ name: 'any', role: 'agent' })],
      }),
      subject({
        version,
        scope: 'capture',
        nodes: [node({ facts: { addresses: ['192.168.1.5'] } }), agent],
        services: [service('traefik')],
      }),
      subject({ version, scope: 'machine', nodes: [node({ host: { files: new Map(), unreadable: [] } })] }),
      subject({ version, scope: 'machine', nodes: [agent] }),
    ]
    for (const cluster of clusters) expect(runRules(rules, { ...cluster, before: cluster })).toEqual([])
  })
}

test('every rule says what it needs to say', () => {
  const ids = rules.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const rule of rules) {
    expect(rule.sources.length, rule.id).toBeGreaterThan(0)
    expect(rule.looksAt.length, rule.id).toBeGreaterThan(0)
    for (const text of [rule.title, rule.why, rule.fix, rule.versions]) expect(text, rule.id).toMatch(/^\S.*[^.\s]$/)
  }
})

const keys = [
  'flannel-backend',
  'flannel-conf',
  'flannel-iface',
  'flannel-external-ip',
  'cluster-cidr',
  'service-cidr',
  'node-ip',
  'node-external-ip',
  'vpn-auth',
  'kubelet-arg',
  'kube-proxy-arg',
  'https-listen-port',
  'service-node-port-range',
  'data-dir',
  'disable',
  'disable-kube-proxy',
  'disable-cloud-controller',
  'disable-helm-controller',
  'cluster-init',
  'disable-network-policy',
  'embedded-registry',
]

const kinds = [
  'DaemonSet',
  'ConfigMap',
  'HelmChart',
  'HelmChartConfig',
  'Installation',
  'IPPool',
  'NetworkAttachmentDefinition',
  'FelixConfiguration',
  'NetworkPolicy',
]
const names = [
  'calico-node',
  'canal',
  'cilium',
  'canal-config',
  'cilium-config',
  'calico-config',
  'kube-multus-ds',
  'constructor',
]

const anyText = fc.oneof(
  fc.string(),
  fc.constantFrom('none', 'true', 'vxlan', 'host-gw', '10.42.0.0/16', 'fd00::/48', '10.0.0.1', '1-2'),
)
const anySettings = fc.dictionary(fc.constantFrom(...keys), fc.oneof(anyText, fc.array(anyText)))
const anyObject = fc.record({
  apiVersion: fc.constantFrom('operator.tigera.io/v1', 'crd.projectcalico.org/v1', 'apps/v1', 'helm.cattle.io/v1'),
  kind: fc.constantFrom(...kinds),
  metadata: fc.record({ name: fc.constantFrom(...names) }),
  spec: fc.oneof(
    fc.jsonValue(),
    fc.record({
      chart: anyText,
      valuesContent: anyText,
      values: fc.jsonValue(),
      template: fc.jsonValue(),
      config: fc.json(),
    }),
  ),
  data: fc.oneof(
    fc.jsonValue(),
    fc.record({ 'net-conf.json': fc.json(), cni_network_config: fc.json(), 'kube-proxy-replacement': anyText }),
  ),
})

test('no rule throws, whatever the settings, files and objects hold', () => {
  fc.assert(
    fc.property(
      anySettings,
      anySettings,
      fc.oneof(fc.json(), fc.string()),
      fc.array(anyObject),
      (settings, other, text, objects) => {
        const file = { path: '/etc/x', text, at: at('/etc/x') }
        const host = {
          files: new Map(),
          unreadable: [],
          firewall: { saved: { ipv4: text, ipv6: text } },
          kernelRelease: text,
        }
        const nodes = [
          node({ settings, flannelConf: file, flannelCniConf: file, host, facts: { addresses: [text] } }),
          node({ name: 'pi-2', role: 'agent', settings: other }),
        ]
        const given = subject({ scope: 'machine', nodes, objects: objects.map((one) => object(one)) })
        const before = subject({ nodes: [node({ settings: other })] })
        expect(Array.isArray(runRules(rules, { ...given, before }))).toBe(true)
      },
    ),
    { numRuns: 200 },
  )
})

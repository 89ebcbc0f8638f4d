import { describe, expect, test } from 'vitest'
import type { KubernetesObject } from '../../../src/domain/facts.ts'
import { packagedRules } from '../../../src/lint/packaged/packaged-rules.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import type { LintSubject, ManifestSubject, ObjectSubject } from '../../../src/lint/subject.ts'
import { desiredState, manifest } from '../../lab/desired-state.ts'
import { node, object, service, subject } from '../../lab/lint-subject.ts'
import { testRules } from './rule-cases.ts'

const configMap = (name: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: lan\ndata: {}\n`

function files(...names: readonly string[]): ManifestSubject[] {
  return names.map((name, index) => manifest(name, configMap(`map-${index}`)))
}

function packaged(name: string): ManifestSubject {
  return {
    ...manifest(name, configMap(`packaged-${name.replace(/\W/g, '-')}`)),
    file: `/var/lib/rancher/k3s/server/manifests/${name}`,
    isPackaged: true,
  }
}

function disabling(...items: readonly string[]): LintSubject['nodes'] {
  return [node({ settings: { disable: items } })]
}

function chart(
  kind: 'HelmChart' | 'HelmChartConfig',
  name: string,
  spec: Readonly<Record<string, unknown>>,
  namespace = 'kube-system',
): KubernetesObject {
  return { apiVersion: 'helm.cattle.io/v1', kind, metadata: { name, namespace }, spec }
}

function override(
  spec: Readonly<Record<string, unknown>>,
  name = 'traefik',
  namespace = 'kube-system',
): KubernetesObject {
  return chart('HelmChartConfig', name, spec, namespace)
}

function withObjects(
  objects: readonly KubernetesObject[],
  extra: Parameters<typeof subject>[0] = {},
  origin: ObjectSubject['origin'] = 'repository',
): LintSubject {
  return subject({ objects: objects.map((one) => object(one, origin)), ...extra })
}

function custom(data: Readonly<Record<string, string>>, extra: Parameters<typeof subject>[0] = {}): LintSubject {
  const map = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'coredns-custom', namespace: 'kube-system' },
    data,
  }
  return withObjects([map], extra)
}

/** A placeholder as `envsubst` takes it. */
function left(name: string): string {
  return `$\{${name}}`
}

function written(metadata: string, spec = ''): string {
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a, ${metadata} }\nspec: { ${spec} }\n`
}

/** An object whose head and `spec` are as YAML made them. */
function labelled(metadata: Readonly<Record<string, unknown>>, spec = {}): KubernetesObject {
  const made = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a', ...metadata }, spec }
  return JSON.parse(JSON.stringify(made))
}

function documents(spec: Readonly<Record<string, unknown>>, extra: Parameters<typeof subject>[0] = {}): LintSubject {
  return subject({ desired: desiredState(spec), ...extra })
}

const kubeDns: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'site-dns', namespace: 'kube-system' },
  spec: { clusterIP: '10.43.0.10' },
}

function dnsDeployment(items: readonly { key: string }[]): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'site-dns', namespace: 'kube-system' },
    spec: { template: { spec: { volumes: [{ name: 'config', configMap: { name: 'site-dns', items } }] } } },
  }
}

function dnsMap(data: Readonly<Record<string, string>>, name = 'site-dns'): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'kube-system' }, data }
}

const plain = subject()
const canary = 'canary-Zk3'
const lan = 'lan:53 {\n    forward . 192.168.1.1\n}\n'

testRules(packagedRules, {
  'pkg-edit-packaged': {
    fails: [
      subject({ manifests: files('coredns.yaml') }),
      subject({ manifests: files('metrics-server/auth-reader.yaml') }),
    ],
    passes: [
      plain,
      subject({ manifests: files('coredns-site.yaml') }),
      subject({ scope: 'machine', manifests: [packaged('coredns.yaml')] }),
    ],
  },
  'pkg-same-name-disabled': {
    fails: [
      subject({ manifests: files('sub/traefik.json'), nodes: disabling('traefik') }),
      subject({ manifests: files('coredns.yaml'), nodes: disabling('coredns') }),
      subject({ manifests: files('tools/a.yaml'), nodes: disabling('tools') }),
    ],
    passes: [
      subject({ manifests: files('traefik.v2.yaml'), nodes: disabling('traefik') }),
      subject({ manifests: files('traefik-site.yaml'), nodes: disabling('traefik') }),
      subject({ manifests: files('lan.yaml') }),
      subject({ scope: 'machine', manifests: [packaged('traefik.yaml')], nodes: disabling('traefik') }),
    ],
  },
  'pkg-disable-enum': {
    fails: [
      subject({ nodes: disabling('treafik') }),
      subject({ nodes: disabling('traefik.yaml') }),
      subject({ nodes: disabling('auth-reader') }),
      subject({ nodes: disabling('Traefik') }),
      subject({ version: 'v1.26.11+k3s1', nodes: disabling('runtimes') }),
    ],
    passes: [
      subject({ nodes: disabling('traefik', ' servicelb', 'coredns', 'local-storage', 'metrics-server', 'ccm') }),
      subject({ version: 'v1.26.12+k3s1', nodes: disabling('runtimes') }),
      subject({ version: 'v1.37.0+k3s1', nodes: disabling('gateway-api-crd') }),
      subject({ nodes: disabling('lan'), manifests: files('lan.yaml') }),
      subject({ nodes: disabling() }),
    ],
  },
  'pkg-disable-empty': {
    fails: [subject({ nodes: disabling('') }), subject({ nodes: disabling('traefik,') })],
    passes: [plain, subject({ nodes: disabling('traefik,servicelb') })],
  },
  'pkg-skip-with-disable': {
    fails: [subject({ manifests: files('traefik.yaml.skip'), nodes: disabling('traefik') })],
    passes: [
      subject({ manifests: files('traefik.yaml.skip') }),
      subject({ manifests: files('coredns.yaml.skip'), nodes: disabling('traefik') }),
    ],
  },
  'manifest-name-refused': {
    fails: [subject({ manifests: files('.git/config.yaml') }), subject({ manifests: files('a b.yaml') })],
    passes: [
      subject({ manifests: files('sub/lan.yaml') }),
      subject({ scope: 'machine', manifests: files('a b.yaml') }),
    ],
  },
  'manifest-ignored': {
    fails: [subject({ manifests: files('README.md') }), subject({ manifests: files('a.yaml.bak') })],
    passes: [subject({ manifests: files('a.yaml', 'b.YML', 'c.json', 'd.yaml.skip') })],
  },
  'reserved-name': {
    fails: [subject({ manifests: files('fairlead-x.yaml') })],
    passes: [
      subject({ manifests: files('x.yaml') }),
      subject({ scope: 'machine', manifests: files('fairlead-x.yaml') }),
    ],
  },
  'addon-name-invalid': {
    fails: [subject({ manifests: files('My_app.yaml') }), subject({ scope: 'machine', manifests: files('a b.yaml') })],
    passes: [subject({ manifests: files('my-app.v2.yaml') })],
  },
  'addon-name-clash': {
    fails: [
      subject({ manifests: files('a.yaml', 'sub/a.v2.yaml') }),
      subject({ scope: 'machine', manifests: [...files('sub/coredns.yaml'), packaged('coredns.yaml')] }),
      subject({ manifests: files('sub/coredns.yaml') }),
      subject({ manifests: files('auth-reader.v2.yaml') }),
    ],
    passes: [
      subject({ manifests: files('a.yaml', 'b.yaml', 'a.yaml.skip') }),
      subject({ manifests: files('coredns.site.yaml'), nodes: disabling('coredns') }),
      subject({ manifests: files('runtimes.lan.yaml'), version: 'v1.25.0+k3s1' }),
      subject({ manifests: files('gateway-api-crd.lan.yaml') }),
    ],
  },
  'object-twice': {
    fails: [
      subject({ manifests: [manifest('a.yaml', configMap('one')), manifest('b.yaml', `---\n${configMap('one')}`)] }),
      subject({ manifests: [manifest('a.yaml', `${configMap('one')}---\n${configMap('one')}`)] }),
    ],
    passes: [
      subject({ manifests: [manifest('a.yaml', configMap('one')), manifest('b.yaml', configMap('two'))] }),
      subject({ manifests: [manifest('a.yaml', 'a: [')] }),
    ],
  },
  'pkg-coredns-gap': {
    fails: [
      subject({ nodes: disabling('coredns') }),
      subject({
        nodes: disabling('coredns'),
        services: [service('other', { clusterIP: '10.43.0.11', annotations: {} })],
      }),
      subject({
        nodes: disabling('coredns'),
        services: [
          service('kube-dns', {
            clusterIP: '10.43.0.10',
            annotations: { 'objectset.rio.cattle.io/owner-name': 'coredns' },
          }),
        ],
      }),
      subject({
        nodes: [node({ settings: { disable: ['coredns'], 'cluster-dns': '10.43.0.53' } })],
        objects: [object(kubeDns)],
      }),
    ],
    passes: [
      plain,
      subject({ nodes: disabling('coredns'), objects: [object(kubeDns)] }),
      subject({
        nodes: [node({ settings: { disable: ['coredns'], 'service-cidr': '10.60.0.0/16' } })],
        services: [service('site-dns', { clusterIP: '10.60.0.10', annotations: {} })],
      }),
    ],
  },
  'pkg-corednscustom-key': {
    fails: [
      custom({ 'lan.txt': lan }),
      custom({ 'lan.server': 'lan:53 {\n  forward . 1.1.1.1\n' }),
      custom({ 'lan.server': 'forward . 1.1.1.1\n' }),
      custom({ 'lan.server': 'lan:53 { forward . 1.1.1.1 }\n' }),
      custom({ 'lan.server': 'lan:53 {\n  forward . 1.1.1.1 }\n' }),
      custom({ 'lan.server': 'lan {\n  forward . 1.1.1.1 {\n    max_fails 2\n  } }\n' }),
      custom({ 'lan.server': 'hosts {\n  10.0.0.1 a.lan\n}\n' }),
      custom({ 'lan.override': lan }),
      custom({ 'lan.server': lan }, { version: 'v1.22.3+k3s1' }),
      custom({ 'log.override': 'log\n' }, { version: 'v1.26.5+k3s1' }),
      documents({ components: { coredns: { custom: { 'lan.override': 'a.lan:53 {\n}\n' } } } }),
    ],
    passes: [
      custom({ 'lan.server': lan }),
      custom({ 'a.server': '# zones\na.lan:53,\nb.lan:53 {\n  hosts {\n    10.0.0.1 "a{b.lan"\n  }\n}\n' }),
      custom({ 'a.server': '(snippet) {\n  log\n}\nimport /etc/coredns/custom/x\nlan {\n  import snippet\n}' }),
      custom({ 'log.override': 'log\ntemplate IN A a.lan {\n  answer "{{ .Name }} 60 IN A 10.0.0.1"\n}\n' }),
      custom({ 'log.override': 'log\n' }, { version: 'v1.26.6+k3s1' }),
      custom({ 'x.server': '.:53 {\n}\n' }),
      custom({ 'x.server': 'lan { }\n' }),
      custom({ 'x.server': 'lan { forward . 1.1.1.1\n}\n' }),
      custom({ 'x.server': 'lan {\n  forward . 1.1.1.1 { max_fails 2 }\n}\n' }),
      custom({ 'x.server': '(one) { log }\nlan {\n  import one\n}\n' }),
    ],
  },
  'chart-values-plain-secret': {
    fails: [
      documents({ helmChartConfigs: [{ name: 'grafana', values: { adminPassword: canary } }] }),
      documents({ helmChartConfigs: [{ name: 'grafana', valuesContent: `adminPassword: ${canary}\n` }] }),
      documents({ components: { traefik: { values: { env: [{ name: 'CF_API_TOKEN', value: canary }] } } } }),
      documents({
        cni: { plugin: 'cilium', chart: { oci: 'oci://a.lan/b', values: { hubble: { password: canary } } } },
      }),
      documents({ cni: { secondary: { multus: { oci: 'oci://a.lan/b', values: { token: canary } } } } }),
      withObjects([chart('HelmChart', 'db', { valuesContent: `auth:\n  rootPassword: ${canary}\n` })]),
      withObjects([override({ values: { proxy: `http://u:${canary}@proxy.lan` } })]),
    ],
    passes: [
      plain,
      documents({
        helmChartConfigs: [
          { name: 'grafana', values: { admin: { existingSecret: 'grafana-admin', passwordKey: 'p' } } },
        ],
      }),
      documents({
        components: {
          traefik: {
            values: {
              env: [
                { name: 'CF_API_TOKEN', valueFrom: { secretKeyRef: { name: 'cloudflare', key: 'token' } } },
                { name: 'TZ', value: 'Europe/Berlin' },
              ],
              additionalArguments: ['--serversTransport.insecureSkipVerify=true'],
            },
          },
        },
      }),
      withObjects([override({ valuesContent: 'adminPassword: ""\n' })]),
      withObjects([override({ values: { adminPassword: canary } })], {}, 'live'),
      withObjects([override({ values: { adminPassword: canary } })], { scope: 'machine' }, 'machine'),
    ],
  },
  'pkg-corednscustom-once': {
    fails: [
      custom({ 'a.override': 'hosts {\n  10.0.0.1 a.lan\n  fallthrough\n}\n' }),
      custom({ 'a.override': 'log\nkubernetes foo.local\n' }),
      custom({ 'a.override': 'cache 300\n' }),
      documents({ components: { coredns: { custom: { 'a.override': 'errors\n' } } } }),
    ],
    passes: [
      // Whatever may stand twice, or came after the block in the releases that do not import it at all.
      custom({ 'a.override': 'log\nhealth :8081\nreload 10s\nloadbalance round_robin\nrewrite name a b\n' }),
      custom({ 'a.override': 'template IN A lan {\n  hosts x\n}\n' }),
      custom({ 'a.server': 'lan {\n  hosts {\n    10.0.0.1 a.lan\n  }\n  cache\n  errors\n}\n' }),
      custom({ 'a.override': 'hosts {\n  10.0.0.1 a.lan\n}\n' }, { version: 'v1.26.5+k3s1' }),
      custom({ 'a.override': 'hosts {\n  10.0.0.1 a.lan\n}\n' }, { nodes: disabling('coredns') }),
    ],
  },
  'pkg-corednscustom-plugin': {
    fails: [
      custom({ 'a.server': 'lan {\n  forwrd . 1.1.1.1\n}\n' }),
      custom({ 'a.server': 'lan { forwrd . 1.1.1.1\n}\n' }),
      custom({ 'a.server': 'lan {\n  cache {\n    success 10\n  }\n  unbound\n}\n' }),
      custom({ 'a.override': 'lgo\n' }),
      documents({ components: { coredns: { custom: { 'a.server': 'a.lan,\nb.lan {\n  fowrard . 1.1.1.1\n}\n' } } } }),
    ],
    passes: [
      custom({ 'a.server': lan }),
      custom({
        'a.server':
          '(one) {\n  anything\n}\nlan {\n  import one\n  multisocket 2\n  forward . 1.1.1.1 {\n    x\n  }\n}\n',
      }),
      custom({ 'a.override': 'rewrite name a.lan b.lan\nview x {\n  y\n}\n' }),
      custom({ 'a.txt': 'nonsense\n' }),
    ],
  },
  'pkg-corednscustom-disabled': {
    fails: [documents({ components: { coredns: { enabled: false, custom: { 'lan.server': lan } } } })],
    passes: [
      documents({ components: { coredns: { enabled: false } } }),
      documents({ components: { coredns: { custom: { 'lan.server': lan } } } }),
      // Somebody's own CoreDNS may read it.
      custom({ 'lan.server': lan }, { nodes: disabling('coredns') }),
    ],
  },
  'object-label-not-text': {
    fails: [
      subject({ manifests: [manifest('a.yaml', written('labels: { a: true }'))] }),
      subject({ manifests: [manifest('a.yaml', written('annotations: { a: 1 }'))] }),
      subject({
        manifests: [manifest('a.yaml', written('labels: {}', 'template: { metadata: { labels: { a: [b] } } }'))],
      }),
    ],
    passes: [
      subject({ manifests: [manifest('a.yaml', written('labels: { a: "true", b: ~, c: yes it is }'))] }),
      subject({ manifests: [manifest('a.yaml', written('labels: none'))] }),
      subject({ manifests: [manifest('a.txt', written('labels: { a: true }'))] }),
      subject({ manifests: [{ ...packaged('coredns.yaml'), text: written('labels: { a: true }') }] }),
    ],
  },
  'template-leftover': {
    fails: [
      withObjects([chart('HelmChart', 'a', { valuesContent: `image:\n  tag: ${left('VERSION')}\n` })]),
      documents({ helmChartConfigs: [{ name: 'a', valuesContent: `tag: ${left('VERSION')}\n` }] }),
      withObjects([labelled({ name: left('NAME') })]),
      withObjects([labelled({}, { template: { spec: { containers: [{ image: `a:${left('VERSION')}` }] } } })]),
    ],
    passes: [
      withObjects([chart('HelmChart', 'a', { valuesContent: `# ${left('VERSION')}\nregex: ${left('1')}\n` })]),
      withObjects([labelled({}, { replacement: `https://${left('1')}.lan`, script: `echo ${left('HOME')}` })]),
      withObjects([labelled({ name: left('NAME') })], {}, 'live'),
    ],
  },
  'chart-field-too-old': {
    fails: [
      withObjects([chart('HelmChart', 'a', { createNamespace: true })], { version: 'v1.26.5+k3s1' }),
      withObjects([chart('HelmChart', 'a', { values: { x: 1 } })], { version: 'v1.33.4+k3s1' }),
      withObjects([chart('HelmChart', 'a', { timeout: '5m' })], { version: 'v1.20.15+k3s1' }, 'machine'),
    ],
    passes: [
      withObjects([chart('HelmChart', 'a', { createNamespace: true })], { version: 'v1.26.6+k3s1' }),
      withObjects([chart('HelmChart', 'a', { createNamespace: false })], { version: 'v1.26.5+k3s1' }),
      withObjects([chart('HelmChart', 'a', { createNamespace: true })], { version: 'not a release' }),
      withObjects([chart('HelmChart', 'a', { createNamespace: true })], { version: 'v1.26.5+k3s1' }, 'rendered'),
      withObjects([chart('HelmChart', 'a', { chart: 'a', repo: 'https://a' })], { version: 'v1.19.1+k3s1' }),
    ],
  },
  'pkg-corednscustom-default-zone': {
    fails: [custom({ 'x.server': '.:53 {\n  forward . 1.1.1.1\n}\n' }), custom({ 'x.server': '. {\n}\n' })],
    passes: [custom({ 'x.server': '.:5353 {\n}\n' }), custom({ 'x.server': lan })],
  },
  'pkg-corednscustom-forward': {
    fails: [
      custom({ 'x.override': 'forward . 1.1.1.1\n' }, { version: 'v1.33.5+k3s1' }),
      custom({ 'x.override': 'log\nforward lan 192.168.1.1 {\n  force_tcp\n}\n' }, { version: 'v1.32.9+k3s1' }),
    ],
    passes: [
      custom({ 'x.override': 'forward . 1.1.1.1\n' }, { version: 'v1.33.6+k3s1' }),
      custom({ 'x.server': lan }, { version: 'v1.30.0+k3s1' }),
      custom({ 'x.override': '# forward . 1.1.1.1\nlog\n' }, { version: 'v1.33.5+k3s1' }),
    ],
  },
  'pkg-coredns-changed': {
    fails: [
      withObjects([dnsMap({ Corefile: '.:53 {\n}\n' }, 'coredns')]),
      withObjects([dnsMap({ Corefile: '.:53 {\n  forward . 1.1.1.1\n}\n' }, 'coredns')], {}, 'live'),
      withObjects([{ ...kubeDns, metadata: { name: 'kube-dns', namespace: 'kube-system' } }]),
    ],
    passes: [
      withObjects(
        [dnsMap({ Corefile: '.:53 {\n  import /etc/coredns/custom/*.override\n}\n' }, 'coredns')],
        {},
        'live',
      ),
      withObjects([dnsMap({ Corefile: '.:53 {\n}\n' }, 'coredns')], { nodes: disabling('coredns') }),
      withObjects([dnsMap({ Corefile: '.:53 {\n}\n' }, 'coredns')], { version: 'v1.20.15+k3s1' }, 'live'),
      withObjects([kubeDns, dnsMap({ a: 'b' })]),
      subject({
        scope: 'machine',
        manifests: [packaged('coredns.yaml')],
        objects: [
          {
            ...object(dnsMap({ Corefile: 'x' }, 'coredns'), 'machine'),
            at: { place: { file: packaged('coredns.yaml').file, line: 1, column: 1 } },
          },
        ],
      }),
    ],
  },
  'pkg-coredns-nodehosts': {
    fails: [
      withObjects([dnsDeployment([{ key: 'Corefile' }, { key: 'NodeHosts' }]), dnsMap({ Corefile: '.:53 {\n}\n' })], {
        nodes: disabling('coredns'),
      }),
    ],
    passes: [
      withObjects([dnsDeployment([{ key: 'NodeHosts' }]), dnsMap({ Corefile: '', NodeHosts: '' })], {
        nodes: disabling('coredns'),
      }),
      withObjects([dnsDeployment([{ key: 'NodeHosts' }]), dnsMap({ Corefile: '' })]),
      withObjects([dnsDeployment([{ key: 'Corefile' }]), dnsMap({ Corefile: '' })], { nodes: disabling('coredns') }),
    ],
  },
  'pkg-hcc-identity': {
    fails: [
      withObjects([override({ valuesContent: 'a: 1' }, 'traefik', 'default')]),
      withObjects([override({ valuesContent: 'a: 1' }, 'traefik-config')]),
      withObjects([
        override({ valuesContent: 'a: 1' }, 'cert-manager', 'default'),
        chart('HelmChart', 'cert-manager', {}),
      ]),
      documents({ helmChartConfigs: [{ name: 'traefik-crd', namespace: 'lan', values: { a: 1 } }] }),
    ],
    passes: [
      withObjects([override({ valuesContent: 'a: 1' })]),
      withObjects([override({ valuesContent: 'a: 1' }, 'cert-manager'), chart('HelmChart', 'cert-manager', {})]),
      withObjects([override({ valuesContent: 'a: 1' }, 'somebody-elses')]),
      documents({ components: { traefik: { values: { a: 1 } } } }),
    ],
  },
  'chart-override-absent': {
    fails: [withObjects([override({ valuesContent: 'a: 1' }, 'somebody-elses')], { facts: { objects: [] } })],
    passes: [
      withObjects([override({ valuesContent: 'a: 1' }, 'somebody-elses')]),
      withObjects([override({ valuesContent: 'a: 1' })], { facts: { objects: [] } }),
      withObjects([override({ valuesContent: 'a: 1' }, 'x'), chart('HelmChart', 'x', {})], { facts: { objects: [] } }),
    ],
  },
  'chart-override-twice': {
    fails: [
      documents({
        helmChartConfigs: [
          { name: 'a', values: { x: 1 } },
          { name: 'a', namespace: 'other', values: { x: 1 } },
        ],
      }),
      documents({ helmChartConfigs: [{ name: 'traefik', values: { x: 1 } }] }),
      withObjects([override({ valuesContent: 'a: 1' })], {
        desired: desiredState({ components: { traefik: { values: { a: 1 } } } }),
      }),
    ],
    passes: [
      documents({
        helmChartConfigs: [
          { name: 'a', values: { x: 1 } },
          { name: 'b', values: { x: 1 } },
        ],
      }),
      documents({ components: { traefik: { values: { a: 1 } } } }),
      withObjects([override({ valuesContent: 'a: 1' })], { desired: desiredState() }),
    ],
  },
  'pkg-hcc-string': {
    fails: [
      withObjects([override({ valuesContent: { a: 1 } })]),
      withObjects([override({ valuesContent: '- a\n- b\n' })]),
      withObjects([override({ valuesContent: 'a: [\n' })]),
      withObjects([override({ valuesContent: 'host: {{ .Values.host }}\n' })]),
      withObjects([override({ valuesContent: '{{- if .x }}\na: 1\n{{- end }}\n' })]),
      withObjects([override({ valuesContent: 'a: 1\n---\nb: 2\n' })]),
      withObjects([override({ valuesContent: 'just words' })]),
      withObjects([override({ values: ['a'] })]),
      documents({ helmChartConfigs: [{ name: 'a', valuesContent: '- a list' }] }),
    ],
    passes: [
      withObjects([override({ valuesContent: '# only a comment\n' })]),
      withObjects([override({ valuesContent: '' })]),
      withObjects([override({ valuesContent: '---\na: 1 # one\n' })]),
      withObjects([override({ valuesContent: 'a: "{{ .Release.Name }}"\nb: |\n  {{ raw }}\n' })]),
      withObjects([override({ values: { a: 1 } })]),
      withObjects([override({})]),
    ],
  },
  'pkg-hcc-traefik-disabled': {
    fails: [
      documents({ components: { traefik: { enabled: false, values: { a: 1 } } } }, { nodes: disabling('traefik') }),
      withObjects([override({ valuesContent: 'a: 1' })], { nodes: disabling('traefik') }),
    ],
    passes: [
      documents({ components: { traefik: { values: { a: 1 } } } }),
      withObjects([override({ valuesContent: 'a: 1' }), chart('HelmChart', 'traefik', { repo: 'https://x' })], {
        nodes: disabling('traefik'),
      }),
      documents({}, { nodes: disabling('traefik') }),
    ],
  },
  'chart-bump-under-override': {
    fails: [
      documents({ components: { traefik: { values: { a: 1 } } } }, { before: subject({ version: 'v1.32.1+k3s1' }) }),
      withObjects([override({ valuesContent: 'a: 1' }, 'x'), chart('HelmChart', 'x', { version: '2.0.0' })], {
        before: withObjects([chart('HelmChart', 'x', { version: '1.0.0' })]),
      }),
    ],
    passes: [
      documents({ components: { traefik: { values: { a: 1 } } } }),
      documents({ components: { traefik: { values: { a: 1 } } } }, { before: subject({ version: 'v1.32.2+k3s1' }) }),
      documents({}, { before: subject({ version: 'v1.32.1+k3s1' }) }),
      withObjects([override({ valuesContent: 'a: 1' }, 'x'), chart('HelmChart', 'x', { version: '1.0.0' })], {
        before: withObjects([chart('HelmChart', 'x', { version: '1.0.0' })]),
      }),
    ],
  },
  'chart-failure-policy-missing': {
    fails: [
      withObjects([override({ valuesContent: 'a: 1' })]),
      withObjects([chart('HelmChart', 'x', { chart: 'x' })], { version: 'v1.23.5+k3s1' }),
    ],
    passes: [
      withObjects([override({ valuesContent: 'a: 1', failurePolicy: 'abort' })]),
      withObjects([override({ valuesContent: 'a: 1' })], { version: 'v1.33.2+k3s1' }),
      withObjects([chart('HelmChart', 'x', { chart: 'x' })], { version: 'v1.23.4+k3s1' }),
      withObjects([chart('HelmChart', 'x', { chart: 'x' })], {}, 'live'),
      withObjects([chart('HelmChart', 'traefik', { chart: 'x' })], { scope: 'machine' }, 'machine'),
      withObjects([
        chart('HelmChart', 'x', { chart: 'x' }),
        chart('HelmChartConfig', 'x', { failurePolicy: 'abort', valuesContent: 'a: 1' }),
      ]),
      documents({ components: { traefik: { values: { a: 1 } } } }),
    ],
  },
  'chart-failure-policy-too-old': {
    fails: [
      documents({ helmChartConfigs: [{ name: 'a', values: { x: 1 }, failurePolicy: 'retry' }] }),
      withObjects([override({ failurePolicy: 'retry' })], { version: 'v1.36.2+k3s1' }),
    ],
    passes: [
      withObjects([override({ failurePolicy: 'retry' })], { version: 'v1.36.3+k3s1' }),
      withObjects([override({ failurePolicy: 'reinstall' })]),
    ],
  },
  'chart-values-secrets-too-old': {
    fails: [
      documents(
        { components: { traefik: { valuesFrom: [{ secretName: 'x', keys: ['a'] }] } } },
        { version: 'v1.32.3+k3s1' },
      ),
      withObjects([override({ valuesSecrets: [{ name: 'x', keys: ['a'] }] })], { version: 'v1.31.7+k3s1' }),
    ],
    passes: [
      withObjects([override({ valuesSecrets: [{ name: 'x', keys: ['a'] }] })], { version: 'v1.31.8+k3s1' }),
      withObjects([override({ valuesSecrets: [] })], { version: 'v1.31.7+k3s1' }),
    ],
  },
  'chart-values-secrets-keys': {
    fails: [
      withObjects([override({ valuesSecrets: [{ name: 'x' }] })]),
      withObjects([override({ valuesSecrets: [{ name: 'x', keys: [] }] })]),
    ],
    passes: [withObjects([override({ valuesSecrets: [{ name: 'x', keys: ['a'] }] })])],
  },
  'chart-config-too-old': {
    fails: [
      documents({ components: { traefik: { values: { a: 1 } } } }, { version: 'v1.18.20+k3s1' }),
      documents({ components: { traefik: { dashboard: { host: 'traefik.lan' } } } }, { version: 'v1.18.20+k3s1' }),
      documents(
        { loadBalancer: { pools: [pooled({ namespace: 'kube-system', name: 'traefik' })] } },
        { version: 'v1.18.20+k3s1' },
      ),
      withObjects([override({})], { version: 'v1.18.20+k3s1' }),
    ],
    passes: [
      documents({}, { version: 'v1.18.20+k3s1' }),
      documents(
        { loadBalancer: { pools: [pooled({ namespace: 'default', name: 'mqtt' })] } },
        { version: 'v1.18.20+k3s1' },
      ),
      documents({ components: { traefik: { values: { a: 1 } } } }, { version: 'v1.19.1+k3s1' }),
    ],
  },
})

function pooled(service: { readonly namespace: string; readonly name: string }): object {
  return { name: 'edge', nodes: { names: ['pi-1'] }, services: [service] }
}

describe('what the old lint said', () => {
  const codes = (one: LintSubject): string[] => runRules(packagedRules.rules, one).map(({ code }) => code)

  test('a default cluster has no finding, whatever it is looked at from', () => {
    expect(codes(subject())).toEqual([])
    expect(codes(documents({}))).toEqual([])
    expect(
      codes(subject({ scope: 'machine', manifests: [packaged('coredns.yaml'), packaged('traefik.yaml')] })),
    ).toEqual([])
  })

  test('codes stay what they were', () => {
    expect(codes(subject({ manifests: files('coredns.yaml') }))).toEqual(['PACKAGED_NAME'])
    expect(codes(subject({ nodes: disabling('traefik'), manifests: files('sub/traefik.json') }))).toEqual([
      'DISABLED_NAME',
    ])
    expect(codes(documents({ helmChartConfigs: [{ name: 'a', valuesContent: '- a list' }] }))).toEqual([
      'CHART_VALUES_INVALID',
    ])
    expect(codes(documents({ helmChartConfigs: [{ name: 'traefik', values: { x: 1 } }] }))).toEqual([
      'CHART_OVERRIDE_TWICE',
    ])
  })

  test('a copy of coredns.yaml is refused with the way that works', () => {
    for (const nodes of [disabling(), disabling('coredns')]) {
      const found = runRules(packagedRules.rules, subject({ nodes, manifests: files('coredns.yaml') })).find(
        ({ place }) => place.file.endsWith('/coredns.yaml'),
      )
      expect(found?.severity).toBe('error')
      expect(found?.why).toContain('old recipe')
      expect(found?.fix).toContain('spec.components.coredns.custom')
    }
  })

  test('an unread Service list makes the gap a warning, a seen one an error', () => {
    const facts = [undefined, { origin: 'assumed' }] as const
    const severities = facts.map((one) => {
      const seen = subject({ nodes: disabling('coredns'), ...(one === undefined ? {} : { facts: one }) })
      return runRules(packagedRules.rules, seen).map(({ code, severity }) => [code, severity])
    })
    expect(severities).toEqual([[['NO_CLUSTER_DNS', 'error']], [['NO_CLUSTER_DNS', 'warning']]])
  })
})

test('no message shows what stands in the values', () => {
  const secret = 'hunter2-top-secret'
  for (const valuesContent of [`password: ${secret}\n  bad: [`, `- ${secret}`, `a: {{ ${secret} }}`, secret]) {
    const problems = runRules(packagedRules.rules, withObjects([override({ valuesContent, failurePolicy: 'abort' })]))
    expect(problems.map(({ code }) => code)).toEqual(['CHART_VALUES_INVALID'])
    expect(JSON.stringify(problems)).not.toContain(secret)
  }
})

test('a plugin that CoreDNS does not have is told with the one that was meant', () => {
  const found = (text: string): unknown =>
    runRules(packagedRules.rules, custom({ 'a.server': `lan {\n  ${text}\n}\n` })).map(
      ({ code, severity, what, fix }) => [code, severity, what, fix],
    )
  expect(found('forwrd . 1.1.1.1')).toEqual([
    [
      'PKG_COREDNSCUSTOM_PLUGIN',
      'error',
      'a.server has "forwrd" in its line 2, which is no plugin of CoreDNS',
      'did you mean forward?',
    ],
  ])
  expect(found('unbound')).toMatchObject([
    ['PKG_COREDNSCUSTOM_PLUGIN', 'warning', expect.any(String), expect.any(String)],
  ])
})

test('a secret in values is told at its place, and neither it nor its line is shown', () => {
  const values = {
    env: [
      { name: 'TZ', value: 'UTC' },
      { name: 'CF_API_TOKEN', value: canary },
    ],
    grafana: { adminPassword: canary, user: 'admin' },
  }
  const problems = runRules(packagedRules.rules, documents({ components: { traefik: { values } } }))
  const base = 'clusters/home/network.yaml#spec.components.traefik.values'
  expect(
    problems.map(({ code, severity, place, what, sourceLine }) => [code, severity, place.file, what, sourceLine]),
  ).toEqual(
    ['env.1', 'grafana.adminPassword'].map((path) => [
      'CHART_VALUES_PLAIN_SECRET',
      'warning',
      `${base}.${path}`,
      `there seems to be a secret in values of HelmChartConfig traefik, at ${path}`,
      undefined,
    ]),
  )
  expect(JSON.stringify(problems)).not.toContain(canary)
})

import { expect, test } from 'vitest'
import { assumedFacts, type NodeFacts } from '../../../src/domain/facts.ts'
import { repositoryRules } from '../../../src/lint/repository/repository-rules.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import type { LintSubject } from '../../../src/lint/subject.ts'
import { repositorySubject } from '../../../src/reconcile/lint-repository.ts'
import { desiredState } from '../../lab/desired-state.ts'
import { object } from '../../lab/lint-subject.ts'
import { nodeNetwork } from '../../lab/node-network.ts'
import { testRules } from './rule-cases.ts'

type Spec = Readonly<Record<string, unknown>>

function repository(spec: Spec, nodes: readonly Spec[] = [], facts: readonly NodeFacts[] = []): LintSubject {
  const desired = { ...desiredState(spec), nodes: nodes.map((one, index) => nodeNetwork(`doc-${index}`, one)) }
  return repositorySubject(
    desired,
    facts.length === 0 ? assumedFacts : { origin: 'capture', nodes: facts, services: [] },
  )
}

const pi1: NodeFacts = { name: 'pi-1', role: 'server', labels: {}, addresses: [], k3sVersion: 'v1.33.4+k3s1' }
const pi2: NodeFacts = {
  name: 'pi-2',
  role: 'agent',
  labels: { role: 'edge' },
  addresses: [],
  k3sVersion: 'v1.31.1+k3s1',
}

function poolForTraefik(enabled: boolean): Spec {
  const services = [{ namespace: 'kube-system', name: 'traefik' }]
  const pools = [{ name: 'lan', nodes: { names: ['pi-1'] }, services }]
  return { components: { traefik: { enabled } }, loadBalancer: { pools } }
}

const ownTraefik = object({
  apiVersion: 'helm.cattle.io/v1',
  kind: 'HelmChart',
  metadata: { name: 'traefik', namespace: 'kube-system' },
})

testRules(repositoryRules, {
  'repo-cluster-name': {
    fails: [{ ...repository({}), desired: { ...desiredState(), clusterDirectory: 'clusters/other' } }],
    passes: [repository({})],
  },
  'repo-node-unknown': {
    fails: [
      repository({}, [{ nodes: { names: ['pi-3'] }, nodeName: 'pi-3' }], [pi1, pi2]),
      repository({}, [{ nodes: { matchLabels: { role: 'nobody' } } }], [pi1, pi2]),
      repository({ loadBalancer: { pools: [{ name: 'lan', nodes: { names: ['pi-3'] } }] } }, [], [pi1, pi2]),
      repository({ loadBalancer: { pools: [{ name: 'lan', nodes: { matchLabels: { a: 'b' } } }] } }, [], [pi1, pi2]),
    ],
    passes: [
      repository({}, [{ nodes: { names: ['pi-2'] } }], [pi1, pi2]),
      repository({}, [{ nodes: { names: ['pi-3'] } }]),
      repository({}, [{ nodes: { matchLabels: { role: 'nobody' } } }]),
      repository({}, [{ nodes: { matchLabels: { role: 'edge' } } }], [pi1, pi2]),
    ],
  },
  'repo-node-field-twice': {
    fails: [
      repository({}, [
        { nodes: { names: ['pi-2'] }, flannelInterface: 'eth1' },
        { nodes: { names: ['pi-2'] }, flannelInterface: 'eth2' },
      ]),
    ],
    passes: [
      repository({}, [
        { nodes: { names: ['pi-1'] }, flannelInterface: 'eth1' },
        { nodes: { names: ['pi-2'] }, flannelInterface: 'eth2' },
      ]),
      repository({}, [
        { nodes: { names: ['pi-2'] }, flannelInterface: 'eth1' },
        { nodes: { names: ['pi-2'] }, nodeIP: ['10.0.0.2'] },
      ]),
    ],
  },
  'repo-version-differs': {
    fails: [repository({ k3sVersion: 'v1.32.1+k3s1' }, [], [pi1])],
    passes: [repository({ k3sVersion: 'v1.33.9+k3s1' }, [], [pi1, pi2]), repository({})],
  },
  'repo-role-differs': {
    fails: [repository({ nodes: [{ name: 'pi-1', role: 'agent' }] }, [], [pi1])],
    passes: [repository({ nodes: [{ name: 'pi-1', role: 'server' }] }, [], [pi1]), repository({})],
  },
  'repo-machine-missing': {
    fails: [repository({ nodes: [{ name: 'pi-1', role: 'server' }] }, [], [pi1, pi2])],
    passes: [repository({ nodes: [{ name: 'pi-1', role: 'server' }] }, [], [pi1]), repository({}, [], [pi1])],
  },
  'repo-flag-has-field': {
    fails: [
      repository({ k3sFlags: { servers: { 'flannel-backend': 'vxlan' } } }),
      repository({ k3sFlags: { nodes: { 'flannel-iface': 'eth1' } } }),
      repository({}, [{ nodes: { names: ['pi-1'] }, k3sFlags: { 'node-ip': '10.0.0.1' } }]),
      repository({}, [{ nodes: { names: ['pi-1'] }, k3sFlags: { i: '10.0.0.1' } }]),
    ],
    passes: [
      repository({ k3sFlags: { servers: { 'tls-san': ['k3s.example.net'] }, nodes: { 'node-ip': '10.0.0.1' } } }),
    ],
  },
  'repo-flag-secret': {
    fails: [
      repository({ k3sFlags: { servers: { token: 'canary' } } }),
      repository({}, [{ nodes: { names: ['pi-1'] }, k3sFlags: { 'vpn-auth': 'name=tailscale,joinKey=canary' } }]),
      repository({ k3sFlags: { servers: { 'kube-apiserver-arg': ['v=1', 'oidc-client-secret=canary'] } } }),
      repository({ k3sFlags: { nodes: { server: 'https://admin:canary@10.0.0.1:6443' } } }),
      repository({}, [{ nodes: { names: ['pi-1'] }, k3sFlags: { 'my-password': 'canary' } }]),
    ],
    passes: [
      repository({ k3sFlags: { servers: { 'token-file': '/etc/rancher/token' } } }),
      repository({
        k3sFlags: {
          servers: {
            server: 'https://10.0.0.1:6443',
            'kube-apiserver-arg': ['enable-bootstrap-token-auth=true', 'service-account-key-file=/etc/sa.pub'],
            'etcd-s3-config-secret': 'snapshots',
          },
          nodes: { 'kubelet-arg': ['authentication-token-webhook=true', 'image-credential-provider-config=/etc/c'] },
        },
      }),
    ],
  },
  'repo-flag-one-value': {
    fails: [
      repository({ k3sFlags: { servers: { 'lb-server-port': [1, 2] } } }),
      repository({ k3sFlags: { nodes: { debug: [true] } } }),
      repository({}, [{ nodes: { names: ['pi-1'] }, k3sFlags: { 'resolv-conf': ['/a', '/b'] } }]),
    ],
    passes: [repository({ k3sFlags: { servers: { 'tls-san': ['a', 'b'], debug: true, unheard: ['x'] } } })],
  },
  'repo-flag-reserved': {
    fails: [
      repository({ k3sFlags: { nodes: { 'data-dir': '/srv/k3s' } } }),
      repository({ k3sFlags: { nodes: { d: '/srv/k3s' } } }),
      repository({ k3sFlags: { servers: { config: '/etc/foo.yaml' } } }),
      repository({ k3sFlags: { servers: { 'cluster-reset': true } } }),
      repository({}, [{ nodes: { names: ['pi-1'] }, k3sFlags: { 'data-dir': '/srv/k3s' } }]),
    ],
    passes: [repository({ k3sFlags: { servers: { 'cluster-reset': false, 'cluster-init': true } } })],
  },
  'repo-flag-overridden': {
    fails: [
      repository({
        k3sFlags: { nodes: { 'kubelet-arg': ['max-pods=200'] }, servers: { 'kubelet-arg': ['max-pods=50'] } },
      }),
      repository({ k3sFlags: { nodes: { 'kubelet-arg': ['v=1'] } } }, [
        { nodes: { names: ['pi-1'] }, k3sFlags: { 'kubelet-arg': ['v=2'] } },
      ]),
      repository({ nodes: [{ name: 'pi-1', role: 'server', addresses: ['10.0.0.1'] }] }, [
        { nodes: { names: ['pi-1'] }, nodeIP: ['10.0.0.2'] },
      ]),
      repository({}, [
        { nodes: { names: ['pi-1'] }, k3sFlags: { 'node-label': ['a=b'] } },
        { nodes: { names: ['pi-1'] }, k3sFlags: { 'node-label': ['c=d'] } },
      ]),
    ],
    passes: [
      repository({
        k3sFlags: { nodes: { 'kubelet-arg': ['v=1'] }, servers: { 'kubelet-arg': ['v=1', 'max-pods=9'] } },
      }),
      repository({ k3sFlags: { nodes: { 'tls-san': ['a'] }, servers: { 'kubelet-arg': ['v=1'] } } }),
      repository({ k3sFlags: { nodes: { 'kubelet-arg': ['v=1'] } } }, [
        { nodes: { names: ['pi-1'] }, k3sFlags: { 'node-label': ['v=2'] } },
      ]),
      repository({ nodes: [{ name: 'pi-1', role: 'server', addresses: ['10.0.0.1'] }] }, [
        { nodes: { names: ['pi-1'] }, nodeIP: ['10.0.0.1'] },
      ]),
    ],
  },
  'repo-disable-has-switch': {
    fails: [
      repository({ components: { traefik: { enabled: true }, disable: ['traefik'] } }),
      repository({ components: { disable: ['runtimes', 'metrics-server'] } }),
    ],
    passes: [repository({ components: { traefik: { enabled: false }, disable: ['runtimes'] } })],
  },
  'repo-field-overruled': {
    fails: [
      repository({ cni: { plugin: 'calico', kubeProxyReplacement: true } }),
      repository({ cni: { kubeProxyReplacement: true } }),
      repository({ cni: { plugin: 'calico', flannel: { backend: 'host-gw' } } }),
      repository({ components: { cloudController: { external: true } } }),
      repository({ cni: { plugin: 'calico' }, components: { networkPolicy: { enabled: true } } }),
      repository({
        cni: { plugin: 'cilium', kubeProxyReplacement: true },
        components: { kubeProxy: { enabled: true } },
      }),
    ],
    passes: [
      repository({}),
      repository({ cni: { plugin: 'calico' } }),
      repository({ cni: { plugin: 'calico', flannel: { backend: 'none' } } }),
      repository({ cni: { plugin: 'cilium', kubeProxyReplacement: true } }),
      repository({ cni: { flannel: { backend: 'host-gw' } }, components: { networkPolicy: { enabled: true } } }),
      repository({ components: { cloudController: { enabled: false, external: true } } }),
    ],
  },
  'repo-inventory-no-server': {
    fails: [repository({ nodes: [{ name: 'pi-2', role: 'agent' }] })].map((one) => ({
      ...one,
      facts: { ...one.facts, nodes: [pi2] },
    })),
    passes: [
      repository({}),
      repository({ nodes: [{ name: 'pi-2', role: 'agent' }] }, [], [pi1, pi2]),
      repository({ nodes: [{ name: 'pi-1', role: 'server' }] }),
    ],
  },
  'repo-pool-disabled-traefik': {
    fails: [repository(poolForTraefik(false))],
    passes: [
      repository(poolForTraefik(true)),
      { ...repository(poolForTraefik(false)), objects: [ownTraefik] },
      repository({ components: { traefik: { enabled: false } } }),
    ],
  },
  'repo-chart-file-missing': {
    fails: [
      repository({ cni: { plugin: 'cilium', chart: { file: 'cilium.tgz' } } }),
      repository({ cni: { secondary: { multus: { file: 'multus.tgz' } } } }),
    ],
    passes: [
      repository({ cni: { plugin: 'cilium', chart: { repository: 'https://helm.example.net' } } }),
      repository({}),
    ],
  },
  'repo-cni-manifest-missing': {
    fails: [repository({ cni: { plugin: 'calico', manifest: 'calico.yaml' } })],
    passes: [
      {
        ...repository({}),
        desired: {
          ...desiredState({ cni: { plugin: 'calico', manifest: 'calico.yaml' } }),
          vendored: [{ name: 'calico.yaml', text: '', file: 'clusters/home/cni/calico.yaml' }],
        },
      },
    ],
  },
})

test('a secret flag is told where its secret belongs', () => {
  const fixOf = (flags: Readonly<Record<string, string>>): string | undefined =>
    runRules(repositoryRules.rules, repository({ k3sFlags: { servers: flags } })).find(
      ({ code }) => code === 'REPO_FLAG_SECRET',
    )?.fix
  expect(fixOf({ token: 'canary' })).toContain('token-file')
  expect(fixOf({ 'datastore-endpoint': 'mysql://u:canary@tcp(db:3306)/k3s' })).toBe(
    'take it out, change the secret itself, and write K3S_DATASTORE_ENDPOINT into the environment file of the service (/etc/systemd/system/k3s.service.env)',
  )
})

function findings(subject: LintSubject, ...codes: readonly string[]): readonly string[] {
  return runRules(repositoryRules.rules, subject)
    .filter(({ code }) => codes.includes(code))
    .map(({ severity, place, what }) => `${severity} ${place.file.replace(/^.*#/, '')}: ${what}`)
}

test('the more particular of two values is told at the one that does not count', () => {
  const spec = {
    k3sFlags: {
      nodes: { 'kubelet-arg': ['max-pods=200'], 'resolv-conf': '/etc/a' },
      servers: { 'kubelet-arg': ['max-pods=50'] },
    },
  }
  const own = [{ nodes: { names: ['pi-2'] }, k3sFlags: { 'resolv-conf': '/etc/b' } }]
  expect(findings(repository(spec, own, [pi1, pi2]), 'REPO_FLAG_OVERRIDDEN')).toEqual([
    'warning spec.k3sFlags.nodes.kubelet-arg: kubelet-arg of spec.k3sFlags.nodes does not count: kubelet-arg of spec.k3sFlags.servers replaces it',
    'notice spec.k3sFlags.nodes.resolv-conf: resolv-conf of spec.k3sFlags.nodes does not count: resolv-conf of k3sFlags of NodeNetwork "doc-0" replaces it',
  ])
})

test('what looks like a secret is told by its name, at its place, and never repeated', () => {
  const spec = {
    k3sFlags: {
      servers: { 'kube-apiserver-arg': ['v=1', 'oidc-client-secret=canary'] },
      nodes: { server: 'https://admin:canary@10.0.0.1:6443' },
    },
  }
  const problems = runRules(repositoryRules.rules, repository(spec))
  expect(JSON.stringify(problems)).not.toContain('canary')
  expect(findings(repository(spec), 'REPO_FLAG_SECRET')).toEqual([
    'error spec.k3sFlags.nodes.server: server holds what looks like a secret, in plain text',
    'error spec.k3sFlags.servers.kube-apiserver-arg.1: oidc-client-secret in kube-apiserver-arg holds what looks like a secret, in plain text',
  ])
})

test('a line that holds a secret is shown by no other rule either', () => {
  const place = { file: 'network.yaml', line: 9, column: 3 }
  const told = repository({ k3sFlags: { servers: { 'data-dir': '/srv' } } })
  const clusterPlace = () => ({ place, sourceLine: 'servers: { data-dir: /srv, my-password: canary }' })
  const desired =
    told.desired === undefined ? undefined : { ...told.desired, places: { ...told.desired.places, clusterPlace } }
  if (desired === undefined) throw new Error('a repository has documents')
  const [found] = runRules(repositoryRules.rules, { ...told, desired })
  expect(found?.place).toEqual(place)
  expect(found).not.toHaveProperty('sourceLine')
})

test('a component with a switch is told at its item, with the switch', () => {
  const found = findings(
    repository({ components: { disable: ['runtimes', 'local-storage'] } }),
    'REPO_DISABLE_HAS_SWITCH',
  )
  expect(found).toEqual([
    'error spec.components.disable.1: local-storage has a switch of its own, spec.components.localStorage.enabled',
  ])
})

import { assumedFacts, type NodeFacts } from '../../../src/domain/facts.ts'
import { repositoryRules } from '../../../src/lint/repository/repository-rules.ts'
import type { LintSubject } from '../../../src/lint/subject.ts'
import { repositorySubject } from '../../../src/reconcile/lint-repository.ts'
import { desiredState } from '../../lab/desired-state.ts'
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

testRules(repositoryRules, {
  'repo-cluster-name': {
    fails: [{ ...repository({}), desired: { ...desiredState(), clusterDirectory: 'clusters/other' } }],
    passes: [repository({})],
  },
  'repo-node-unknown': {
    fails: [repository({}, [{ nodes: { names: ['pi-3'] }, nodeName: 'pi-3' }], [pi1, pi2])],
    passes: [
      repository({}, [{ nodes: { names: ['pi-2'] } }], [pi1, pi2]),
      repository({}, [{ nodes: { names: ['pi-3'] } }]),
      repository({}, [{ nodes: { matchLabels: { role: 'nobody' } } }], [pi1, pi2]),
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
    ],
    passes: [repository({ k3sFlags: { servers: { 'token-file': '/etc/rancher/token' } } })],
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

import { expect, test } from 'vitest'
import type { KubernetesObject } from '../../../src/domain/facts.ts'
import type { HostReading } from '../../../src/domain/host.ts'
import { controllerRules } from '../../../src/lint/controllers/controller-rules.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import type { LintSubject } from '../../../src/lint/subject.ts'
import { desiredState } from '../../lab/desired-state.ts'
import { node, object, service, subject } from '../../lab/lint-subject.ts'
import { testRules } from '../rules/rule-cases.ts'

type Settings = Parameters<typeof node>[0] extends { settings?: infer T } | undefined ? T : never

function cluster(settings: NonNullable<Settings>, objects: readonly KubernetesObject[] = [], extra = {}): LintSubject {
  return subject({ nodes: [node({ settings })], objects: objects.map((one) => object(one)), ...extra })
}

function made(
  kind: string,
  name: string,
  rest: Readonly<Record<string, unknown>> = {},
  apiVersion = 'apps/v1',
): KubernetesObject {
  return { apiVersion, kind, metadata: { name, namespace: 'kube-system' }, ...rest }
}

const calico = made('DaemonSet', 'calico-node')
const policy = made('NetworkPolicy', 'deny', {}, 'networking.k8s.io/v1')
const hcloud = made('Deployment', 'hcloud-cloud-controller-manager')
const chart = made('HelmChart', 'grafana', { spec: { chart: 'grafana' } }, 'helm.cattle.io/v1')
const override = made('HelmChartConfig', 'traefik', {}, 'helm.cattle.io/v1')
const none = { 'flannel-backend': 'none' }
const noPolicy = { 'disable-network-policy': true }
const noCloud = { 'disable-cloud-controller': true }
const noProxy = { 'disable-kube-proxy': true }
const noHelm = { 'disable-helm-controller': true, disable: ['traefik'] }
const dual = { 'cluster-cidr': '10.42.0.0/16,fd00:42::/56' }
const standard = subject()

function running(chains: readonly string[], commands?: readonly string[]): HostReading {
  return {
    files: new Map(),
    unreadable: [],
    process: { pid: 1, arguments: ['k3s'], environment: {} },
    firewall: { chains },
    ...(commands === undefined ? {} : { commands }),
  }
}

const both = { ...noCloud, disable: ['servicelb'] }
const withService = { services: [service('web')] }

testRules(controllerRules, {
  'ctl-npc-double': {
    fails: [
      cluster({ ...none, 'disable-network-policy': false }, [calico]),
      subject({ nodes: [node({ settings: none })], desired: desiredState({ cni: { plugin: 'cilium' } }) }),
    ],
    passes: [
      standard,
      cluster({ ...none, ...noPolicy }, [calico]),
      cluster(none, [made('DaemonSet', 'kube-flannel-ds')]),
    ],
  },
  'ctl-npc-flannel-off': {
    fails: [cluster(noPolicy, [policy])],
    passes: [
      cluster({}, [policy]),
      cluster(noPolicy),
      cluster({ ...noPolicy, ...none }, [policy]),
      cluster(noPolicy, [policy, calico]),
    ],
  },
  'ctl-npc-cleanup': {
    fails: [{ ...cluster(noPolicy), before: standard }],
    passes: [
      cluster(noPolicy),
      { ...cluster(noPolicy), before: cluster(noPolicy) },
      { ...standard, before: cluster(noPolicy) },
    ],
  },
  'ctl-npc-ipset': {
    fails: [
      subject({ nodes: [node({ host: running(['KUBE-SERVICES', 'KUBE-FORWARD'], ['iptables']) })] }),
      subject({ nodes: [node({ host: running(['KUBE-SERVICES']) })] }),
    ],
    passes: [
      standard,
      subject({ nodes: [node({ host: running(['KUBE-SERVICES', 'KUBE-ROUTER-INPUT']) })] }),
      subject({ nodes: [node({ host: running(['INPUT'], []) })] }),
      subject({ nodes: [node({ settings: noPolicy, host: running(['KUBE-SERVICES']) })] }),
    ],
  },
  'ctl-ccm-kubelet': {
    fails: [
      cluster(noCloud, [hcloud]),
      cluster({ ...noCloud, 'kubelet-arg': ['cloud-provider=external', 'cloud-provider=aws'] }, [hcloud]),
      subject({
        nodes: [node({ settings: noCloud })],
        desired: desiredState({ components: { cloudController: { enabled: false, external: true } } }),
      }),
    ],
    passes: [
      cluster({}, [hcloud]),
      cluster(noCloud),
      cluster({ ...noCloud, 'kubelet-arg': ['v=2', 'cloud-provider=external'] }, [hcloud]),
    ],
  },
  'ctl-ccm-nothing': {
    fails: [cluster(noCloud)],
    passes: [standard, cluster(noCloud, [hcloud]), cluster(noCloud, [], { scope: 'machine' })],
  },
  'ctl-ccm-dualstack': {
    fails: [cluster({ ...noCloud, ...dual })],
    passes: [
      cluster(dual),
      cluster(noCloud),
      cluster({ ...noCloud, ...dual, 'kubelet-arg': ['node-ip=10.0.0.5,fd00::5'] }),
    ],
  },
  'ctl-ccm-servicelb-same-step': {
    fails: [{ ...cluster(both, [], withService), before: standard }],
    passes: [
      { ...cluster(both), before: standard },
      { ...cluster(both, [], withService), before: cluster({ disable: ['servicelb'] }) },
      { ...cluster(noCloud, [], withService), before: standard },
      { ...cluster(both, [], { ...withService, version: 'v1.24.6+k3s1' }), before: standard },
    ],
  },
  'ctl-kubeproxy-none': {
    fails: [cluster(noProxy), cluster({ ...noProxy, ...none }, [calico])],
    passes: [
      standard,
      cluster({ ...noProxy, ...none }, [made('DaemonSet', 'cilium')]),
      cluster({ ...noProxy, ...none }, [
        calico,
        made('FelixConfiguration', 'default', { spec: { bpfEnabled: true } }, 'crd.projectcalico.org/v1'),
      ]),
      cluster({ ...noProxy, ...none }),
    ],
  },
  'ctl-kubeproxy-arg-unused': {
    fails: [cluster({ ...noProxy, 'kube-proxy-arg': ['proxy-mode=ipvs'] })],
    passes: [cluster({ 'kube-proxy-arg': ['proxy-mode=ipvs'] }), cluster(noProxy)],
  },
  'ctl-proxy-mode-change': {
    fails: [
      { ...cluster({ 'kube-proxy-arg': ['proxy-mode=nftables'] }), before: standard },
      { ...standard, before: cluster({ 'kube-proxy-arg': ['--proxy-mode=ipvs'] }) },
    ],
    passes: [standard, { ...cluster({ 'kube-proxy-arg': ['proxy-mode=iptables'] }), before: standard }],
  },
  'ctl-helm-disabled': {
    fails: [cluster(noHelm, [chart]), cluster(noHelm, [override]), cluster({ 'disable-helm-controller': true })],
    passes: [
      cluster({}, [chart]),
      cluster(noHelm),
      subject({ nodes: [node({ settings: noHelm })], objects: [object(chart, 'live')] }),
      cluster(noHelm, [chart], { version: 'v1.21.2+k3s1' }),
      cluster(noHelm, [made('HelmChart', 'traefik-crd', {}, 'helm.cattle.io/v1')]),
    ],
  },
})

test('a kubelet that waits for no other cloud controller is told at the argument that says so', () => {
  const own = subject({
    nodes: [node({ settings: { ...noCloud, 'kubelet-arg': ['v=2', 'cloud-provider=aws'] } })],
    desired: desiredState({ components: { cloudController: { enabled: false, external: true } } }),
  })
  const [problem] = runRules(controllerRules.rules, own).filter(({ code }) => code === 'CTL_CCM_KUBELET')
  expect(problem).toMatchObject({
    place: { file: 'config.yaml#kubelet-arg' },
    fix: 'take cloud-provider=aws away; spec.components.cloudController.external writes cloud-provider=external',
  })
})

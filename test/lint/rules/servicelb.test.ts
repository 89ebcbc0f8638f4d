import { expect, test } from 'vitest'
import type { Facts, NodeFacts, ServiceFacts } from '../../../src/domain/facts.ts'
import {
  enableLabel,
  multiPoolLabelPrefix,
  poolLabel,
  priorityClassAnnotation,
  sourceRangesAnnotation,
  tolerationsAnnotation,
} from '../../../src/k3s/servicelb-labels.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import { servicelbRules } from '../../../src/lint/servicelb/servicelb-rules.ts'
import type { LintSubject } from '../../../src/lint/subject.ts'
import { desiredState } from '../../lab/desired-state.ts'
import { at, node, object, service, subject } from '../../lab/lint-subject.ts'
import { testRules } from './rule-cases.ts'

const traefikOff = { disable: ['traefik'] }
const http = [{ protocol: 'TCP', port: 8080 }] as const

interface Literal {
  readonly nodes?: readonly NodeFacts[]
  readonly services?: readonly ServiceFacts[]
  readonly version?: string
  readonly facts?: Partial<Facts>
  readonly settings?: Record<string, string | readonly string[] | boolean>
  readonly rest?: Partial<Pick<LintSubject, 'objects' | 'desired' | 'before'>>
}

function machine(
  name: string,
  labels: Readonly<Record<string, string>> = {},
  extra: Partial<NodeFacts> = {},
): NodeFacts {
  return { name, role: 'agent', labels, addresses: [`10.0.0.${name.length}`], ...extra }
}

const server = machine('pi-1', {}, { role: 'server' })
const agent = machine('pi-12')
const on = { [enableLabel]: 'true' }
const edge = { ...on, [poolLabel]: 'edge' }
const inside = { ...on, [poolLabel]: 'inside' }
const lb = (name: string, extra: Partial<ServiceFacts> = {}) => service(name, { ports: http, ...extra })
const pooled = (name: string, pool = 'edge', extra: Partial<ServiceFacts> = {}) =>
  lb(name, { labels: { [poolLabel]: pool }, ...extra })

/** A captured cluster: every node and every Service is known. */
function captured({ nodes = [server, agent], services = [lb('web')], version, facts, settings, rest }: Literal = {}) {
  return subject({
    nodes: nodes.map((facts) =>
      node({
        name: facts.name,
        role: facts.role,
        facts,
        settings: facts.role === 'server' ? (settings ?? traefikOff) : {},
      }),
    ),
    services,
    facts: { origin: 'capture', ...facts },
    ...(version === undefined ? {} : { version }),
    ...rest,
  })
}

/** A repository without facts: two nameless nodes, and the Services of its manifests. */
function written(services: readonly ServiceFacts[], settings: NonNullable<Literal['settings']> = traefikOff) {
  const found = subject({ nodes: [node({ settings })], services, facts: { origin: 'assumed', services: [] } })
  return { ...found, services: found.services.map((one) => ({ ...one, origin: 'repository' as const })) }
}

/** The same Service in the cluster and in a manifest. */
function changed(live: ServiceFacts, now: ServiceFacts, literal: Literal = {}) {
  const found = captured({ services: [live], ...literal })
  const inManifest = { service: now, at: at('manifests/web.yaml'), origin: 'repository' as const }
  return { ...found, services: [...found.services, inManifest] }
}

const pools = (...list: readonly Record<string, unknown>[]) => ({
  desired: desiredState({ loadBalancer: { pools: list } }),
})
const edgePool = { name: 'edge', nodes: { names: ['pi-12'] }, services: [{ namespace: 'default', name: 'web' }] }
const pod = { namespace: 'default', name: 'proxy', node: 'pi-12', ports: http }
const local = (extra: Partial<ServiceFacts> = {}) => lb('web', { externalTrafficPolicy: 'Local', ...extra })
const outside = machine('pi-12', {}, { externalAddresses: ['203.0.113.5'] })
const annotated = (key: string, text: string) => lb('web', { annotations: { [key]: text } })
const namespace = (name: string, level: string) =>
  object({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': level } },
  })
const metallb = object({ apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata: { name: 'lan' } })
const priorityClass = (name: string) =>
  object({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name } }, 'live')
const longName = 'a'.repeat(49)

testRules(servicelbRules, {
  'slb-enablelb-false': {
    fails: [captured({ nodes: [server, machine('pi-12', { [enableLabel]: 'false' })] })],
    passes: [captured(), captured({ nodes: [server, machine('pi-12', on)] })],
  },
  'slb-allowlist-empty': {
    fails: [captured({ nodes: [server, machine('pi-12', on, { taints: [{ key: 'db', effect: 'NoSchedule' }] })] })],
    passes: [
      captured(),
      captured({ nodes: [server, machine('pi-12', on, { taints: [{ key: 'db', effect: 'PreferNoSchedule' }] })] }),
      captured({
        nodes: [
          server,
          machine('pi-12', on, { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] }),
          machine('pi-13', on, {
            taints: [{ key: 'node.cloudprovider.kubernetes.io/uninitialized', effect: 'NoSchedule' }],
          }),
        ],
      }),
    ],
  },
  'slb-pool-without-enable': {
    fails: [
      captured({ services: [pooled('web')] }),
      captured({ nodes: [server, machine('pi-12', { [poolLabel]: 'edge' })] }),
    ],
    passes: [
      captured({ nodes: [server, machine('pi-12', edge)], services: [pooled('web')] }),
      captured({ services: [pooled('web')], rest: pools(edgePool) }),
      written([pooled('web')]),
    ],
  },
  'slb-pool-node-not-enabled': {
    fails: [captured({ nodes: [machine('pi-1', { [poolLabel]: 'edge' }), machine('pi-12', edge)] })],
    passes: [captured({ nodes: [server, machine('pi-12', edge)] }), captured()],
  },
  'slb-pool-unknown': {
    fails: [captured({ nodes: [server, machine('pi-12', edge)], services: [pooled('web', 'egde')] })],
    passes: [
      captured({ nodes: [server, machine('pi-12', edge)], services: [pooled('web')] }),
      captured({ services: [pooled('web', 'other')], rest: pools(edgePool) }),
    ],
  },
  'slb-pool-annotation': {
    fails: [captured({ services: [annotated(poolLabel, 'edge')] })],
    passes: [captured({ services: [pooled('web')] })],
  },
  'slb-pool-node-label': {
    fails: [captured({ services: [lb('web', { labels: { [`${multiPoolLabelPrefix}edge`]: 'true' } })] })],
    passes: [
      captured({ services: [pooled('web')] }),
      captured({ nodes: [server, machine('pi-12', { [`${multiPoolLabelPrefix}edge`]: 'true' })] }),
    ],
  },
  'slb-pool-old': {
    fails: [
      captured({ version: 'v1.23.4+k3s1', services: [pooled('web')] }),
      captured({ version: 'v1.22.17+k3s1', rest: pools(edgePool) }),
    ],
    passes: [captured({ version: 'v1.23.5+k3s1', services: [pooled('web')] }), captured({ version: 'v1.22.17+k3s1' })],
  },
  'slb-unpooled-service': {
    fails: [captured({ nodes: [server, machine('pi-12', edge)] }), { ...written([], {}), ...pools(edgePool) }],
    passes: [
      captured({
        nodes: [server, machine('pi-12', edge)],
        services: [pooled('web'), service('db', { type: 'ClusterIP' })],
      }),
      captured({ nodes: [server, machine('pi-12', on)] }),
      captured({ nodes: [server, machine('pi-12', edge)], version: 'v1.23.4+k3s1' }),
      written([lb('web')]),
    ],
  },
  'slb-label-change-untriggered': {
    fails: [
      changed(pooled('web'), pooled('web', 'inside'), { nodes: [machine('pi-1', inside), machine('pi-12', edge)] }),
    ],
    passes: [
      changed(pooled('web'), pooled('web', 'inside', { annotations: { moved: 'yes' } }), {
        nodes: [machine('pi-1', inside), machine('pi-12', edge)],
      }),
      changed(lb('web'), lb('web'), { nodes: [server, machine('pi-12', edge)], rest: pools(edgePool) }),
      changed(pooled('web'), pooled('web', 'inside'), {
        version: 'v1.24.6+k3s1',
        nodes: [machine('pi-1', inside), machine('pi-12', edge)],
      }),
    ],
  },
  'slb-enable-drops-pool': {
    fails: [
      captured({
        services: [pooled('web', 'edge', { annotations: { 'fairlead.dev/lbpool-digest': 'x' } })],
        rest: pools(edgePool),
      }),
      captured({ services: [pooled('other')], rest: pools(edgePool) }),
    ],
    passes: [
      captured({ services: [pooled('web')], rest: pools(edgePool) }),
      captured({ nodes: [server, machine('pi-12', edge)], services: [pooled('other')], rest: pools(edgePool) }),
    ],
  },
  'slb-disable-stuck': {
    fails: [
      captured({
        nodes: [server, machine('pi-12', edge)],
        rest: { ...pools(), before: captured({ nodes: [server, machine('pi-12', edge)], rest: pools(edgePool) }) },
      }),
    ],
    passes: [
      captured({
        nodes: [server, machine('pi-12', edge)],
        rest: {
          ...pools(edgePool),
          before: captured({ nodes: [server, machine('pi-12', edge)], rest: pools(edgePool) }),
        },
      }),
      captured({ rest: { before: captured() } }),
    ],
  },
  'slb-port-conflict': {
    fails: [
      captured({ services: [lb('web'), lb('proxy')] }),
      written([lb('web'), lb('proxy')]),
      written([pooled('web'), lb('proxy')]),
      captured({ services: [pooled('web'), pooled('proxy', 'inside')] }),
    ],
    passes: [
      captured({
        nodes: [machine('pi-1', inside), machine('pi-12', edge)],
        services: [pooled('web'), pooled('proxy', 'inside')],
      }),
      captured({ services: [lb('web'), lb('dns', { ports: [{ protocol: 'UDP', port: 8080 }] })] }),
      captured({ services: [lb('web'), lb('other', { loadBalancerClass: 'metallb' })] }),
      written([pooled('web'), pooled('proxy', 'inside')]),
      captured({ services: [lb('web'), lb('proxy')], settings: { disable: 'servicelb' } }),
    ],
  },
  'slb-port-traefik': {
    fails: [
      written([lb('web', { ports: [{ protocol: 'TCP', port: 443 }] })], {}),
      captured({
        services: [
          lb('traefik', { namespace: 'kube-system', createdAt: '2026-01-01T00:00:00Z' }),
          lb('web', { createdAt: '2026-01-02T00:00:00Z' }),
        ],
        settings: {},
      }),
    ],
    passes: [
      written([lb('web', { ports: [{ protocol: 'TCP', port: 443 }] })]),
      written([lb('web')], {}),
      captured({ services: [lb('web', { ports: [{ protocol: 'TCP', port: 443 }] })], settings: {} }),
    ],
  },
  'slb-port-hostport': {
    fails: [
      captured({ facts: { hostPortPods: [pod] } }),
      captured({ version: 'v1.29.5+k3s1', facts: { hostPortPods: [pod] } }),
    ],
    passes: [
      captured({ facts: { hostPortPods: [{ ...pod, servicelbOf: 'default/web' }] } }),
      captured({ facts: { hostPortPods: [{ ...pod, ports: [{ protocol: 'TCP', port: 9090 }] }] } }),
      captured(),
    ],
  },
  'slb-port-k3s': {
    fails: [
      captured({ services: [lb('git', { ports: [{ protocol: 'TCP', port: 22 }] })] }),
      captured({ services: [lb('api', { ports: [{ protocol: 'TCP', port: 6443 }] })] }),
      captured({ services: [lb('vx', { ports: [{ protocol: 'UDP', port: 8472 }] })] }),
      captured({
        services: [lb('images', { ports: [{ protocol: 'TCP', port: 5001 }] })],
        settings: { 'embedded-registry': true },
      }),
    ],
    passes: [
      captured({ services: [lb('images', { ports: [{ protocol: 'TCP', port: 5001 }] })] }),
      captured({
        nodes: [server, machine('pi-12', on)],
        services: [lb('etcd', { ports: [{ protocol: 'TCP', port: 2379 }] })],
      }),
      captured({ services: [lb('ssh', { ports: [{ protocol: 'UDP', port: 22 }] })] }),
      captured({
        services: [lb('vx', { ports: [{ protocol: 'UDP', port: 8472 }] })],
        settings: { 'flannel-backend': 'host-gw' },
      }),
    ],
  },
  'slb-port-nodeport': {
    fails: [captured({ services: [lb('game', { ports: [{ protocol: 'UDP', port: 30_000 }] })] })],
    passes: [
      captured(),
      captured({
        services: [lb('game', { ports: [{ protocol: 'UDP', port: 30_000 }] })],
        settings: { 'service-node-port-range': '31000-32000' },
      }),
    ],
  },
  'slb-class-ignored': {
    fails: [
      captured({ version: 'v1.22.17+k3s1', services: [lb('web', { loadBalancerClass: 'metallb' })] }),
      captured({ services: [pooled('web', 'edge', { loadBalancerClass: 'metallb' })] }),
    ],
    passes: [captured({ services: [lb('web', { loadBalancerClass: 'metallb' })] }), captured()],
  },
  'slb-two-controllers': {
    fails: [captured({ rest: { objects: [metallb] } }), { ...written([], {}), objects: [metallb] }],
    passes: [
      captured({ rest: { objects: [metallb] }, settings: { disable: ['traefik', 'servicelb'] } }),
      captured({ services: [lb('web', { loadBalancerClass: 'metallb' })], rest: { objects: [metallb] } }),
      captured(),
    ],
  },
  'slb-local-nat-extip': {
    fails: [captured({ nodes: [server, outside], services: [local()] })],
    passes: [
      captured({ nodes: [server, outside] }),
      captured({ services: [local()] }),
      captured({
        nodes: [server, machine('pi-12', {}, { externalAddresses: ['192.168.1.5'] })],
        services: [local()],
      }),
      captured({ version: 'v1.24.10+k3s1', nodes: [server, outside], services: [local()] }),
    ],
  },
  'slb-local-no-nodeport': {
    fails: [captured({ services: [local({ allocateLoadBalancerNodePorts: false })] })],
    passes: [
      captured({ services: [local()] }),
      captured({ services: [lb('web', { allocateLoadBalancerNodePorts: false })] }),
    ],
  },
  'slb-local-no-endpoints': {
    fails: [
      captured({ services: [local({ endpointNodes: [] })] }),
      captured({
        nodes: [server, machine('pi-12', edge)],
        services: [local({ labels: { [poolLabel]: 'edge' }, endpointNodes: ['pi-1'] })],
      }),
    ],
    passes: [captured({ services: [local({ endpointNodes: ['pi-1'] })] }), captured({ services: [local()] })],
  },
  'slb-local-old': {
    fails: [captured({ version: 'v1.24.10+k3s1', services: [local()] })],
    passes: [captured({ services: [local()] }), captured({ version: 'v1.24.10+k3s1' })],
  },
  'slb-dual-missing': {
    fails: [captured({ services: [lb('web', { ipFamilies: [4, 6] })] })],
    passes: [
      captured({ services: [lb('web', { ipFamilies: [4] })] }),
      captured({
        nodes: [server, machine('pi-12', {}, { addresses: ['fd00::12'] })],
        services: [lb('web', { ipFamilies: [4, 6] })],
      }),
      captured({
        nodes: [server, machine('pi-12', {}, { addresses: [] })],
        services: [lb('web', { ipFamilies: [6] })],
      }),
    ],
  },
  'slb-ranges-family': {
    fails: [
      captured({ services: [lb('web', { ipFamilies: [4, 6], loadBalancerSourceRanges: ['10.0.0.0/8'] })] }),
      captured({ services: [lb('web', { loadBalancerSourceRanges: ['fd00::/8'] })] }),
    ],
    passes: [
      captured({ services: [lb('web', { ipFamilies: [4, 6], loadBalancerSourceRanges: ['10.0.0.0/8', 'fd00::/8'] })] }),
      captured({ services: [lb('web', { loadBalancerSourceRanges: ['10.0.0.0/8'] })] }),
      captured({ services: [lb('web', { ipFamilies: [4, 6] })] }),
    ],
  },
  'slb-ranges-parse': {
    fails: [
      captured({ services: [lb('web', { loadBalancerSourceRanges: ['10.0.0.0'] })] }),
      captured({ services: [annotated(sourceRangesAnnotation, '10.0.0.0/8,office')] }),
    ],
    passes: [
      captured({ services: [lb('web', { loadBalancerSourceRanges: [' 10.0.0.0/8 ', '010.1.0.0/16'] })] }),
      captured({ services: [annotated(sourceRangesAnnotation, '')] }),
    ],
  },
  'slb-ranges-old': {
    fails: [captured({ version: 'v1.24.7+k3s1', services: [lb('web', { loadBalancerSourceRanges: ['10.0.0.0/8'] })] })],
    passes: [
      captured({ version: 'v1.24.8+k3s1', services: [lb('web', { loadBalancerSourceRanges: ['10.0.0.0/8'] })] }),
      captured({ version: 'v1.24.7+k3s1' }),
    ],
  },
  'slb-tolerations': {
    fails: [
      captured({ services: [annotated(tolerationsAnnotation, '{ not: [closed')] }),
      captured({ services: [annotated(tolerationsAnnotation, '- key: a\n  operator: Exists\n  value: b')] }),
      captured({ services: [annotated(tolerationsAnnotation, '- value: b')] }),
      captured({ version: 'v1.30.3+k3s1', services: [annotated(tolerationsAnnotation, '- operator: Exists')] }),
    ],
    passes: [
      captured({ services: [annotated(tolerationsAnnotation, '- key: dedicated\n  value: db\n  effect: NoSchedule')] }),
      captured({ services: [annotated(tolerationsAnnotation, '[{"operator": "Exists"}]')] }),
      captured({ services: [annotated(tolerationsAnnotation, '')] }),
    ],
  },
  'slb-priority': {
    fails: [
      captured({ services: [annotated(priorityClassAnnotation, 'edge')], rest: { objects: [priorityClass('other')] } }),
    ],
    passes: [
      captured({ services: [annotated(priorityClassAnnotation, 'edge')], rest: { objects: [priorityClass('edge')] } }),
      captured({ services: [annotated(priorityClassAnnotation, 'edge')] }),
      captured({
        services: [annotated(priorityClassAnnotation, 'system-cluster-critical')],
        rest: { objects: [priorityClass('other')] },
      }),
    ],
  },
  'slb-name-length': {
    fails: [captured({ version: 'v1.30.3+k3s1', services: [lb(longName)] })],
    passes: [
      captured({ services: [lb(longName)] }),
      captured({ version: 'v1.30.3+k3s1', services: [lb(longName.slice(1))] }),
      captured({ version: 'v1.24.1+k3s1', services: [lb(longName)] }),
    ],
  },
  'slb-lbip-ignored': {
    fails: [
      captured({ services: [lb('web', { loadBalancerIP: '10.0.0.5' })] }),
      captured({ services: [lb('web', { externalIPs: ['10.0.0.5'] })] }),
    ],
    passes: [
      captured(),
      captured({ services: [lb('web', { loadBalancerIP: '10.0.0.5', loadBalancerClass: 'metallb' })] }),
    ],
  },
  'slb-custom-taint': {
    fails: [
      captured({
        nodes: [machine('pi-1', on), machine('pi-12', on, { taints: [{ key: 'db', effect: 'NoSchedule' }] })],
      }),
    ],
    passes: [
      captured({ nodes: [server, machine('pi-12', {}, { taints: [{ key: 'db', effect: 'NoSchedule' }] })] }),
      captured({
        nodes: [machine('pi-1', on), machine('pi-12', on, { taints: [{ key: 'db', effect: 'NoSchedule' }] })],
        services: [annotated(tolerationsAnnotation, '[{"key":"db","operator":"Exists"}]')],
      }),
    ],
  },
  'slb-server-sysctl': {
    fails: [
      subject({ nodes: [node({ name: 'pi-1', settings: { disable: 'servicelb,traefik' } }), node({ name: 'pi-2' })] }),
    ],
    passes: [
      subject({
        nodes: [
          node({ name: 'pi-1', settings: { disable: 'servicelb' } }),
          node({ name: 'pi-2', settings: { disable: ['servicelb'] } }),
        ],
      }),
      subject({ nodes: [node({ settings: { disable: 'servicelb' } }), node({ name: 'pi-2', role: 'agent' })] }),
    ],
  },
  'slb-ns-psa': {
    fails: [
      captured({ rest: { objects: [namespace('kube-system', 'restricted')] } }),
      captured({ rest: { objects: [namespace('lb', 'baseline')] }, settings: { 'servicelb-namespace': 'lb' } }),
    ],
    passes: [
      captured({ rest: { objects: [namespace('kube-system', 'privileged'), namespace('web', 'restricted')] } }),
      captured({ version: 'v1.24.1+k3s1', rest: { objects: [namespace('kube-system', 'restricted')] } }),
    ],
  },
  'slb-ns-change': {
    fails: [captured({ settings: { 'servicelb-namespace': 'lb' }, rest: { before: captured() } })],
    passes: [
      captured({ settings: { 'servicelb-namespace': 'kube-system' }, rest: { before: captured() } }),
      captured({ settings: { 'servicelb-namespace': 'lb' } }),
    ],
  },
  'slb-multi-pool-label': {
    fails: ['v1.33.13+k3s2', 'v1.34.11+k3s1', 'v1.37.0+k3s1'].map((version) =>
      captured({ version, nodes: [server, machine('pi-12', { [`${multiPoolLabelPrefix}edge`]: 'true' })] }),
    ),
    passes: [
      captured(),
      captured({ nodes: [server, machine('pi-12', edge)] }),
      captured({
        version: 'v1.37.1+k3s1',
        nodes: [server, machine('pi-12', { [`${multiPoolLabelPrefix}edge`]: 'true' })],
      }),
    ],
  },
  'slb-pool-member-twice': {
    fails: [
      captured({ rest: pools(edgePool, { ...edgePool, name: 'other', services: [] }) }),
      captured({ rest: pools({ name: 'a', nodes: { names: ['pi-1'] } }, { name: 'a', nodes: { names: ['pi-12'] } }) }),
      captured({
        nodes: [server, machine('pi-12', { site: 'a' })],
        rest: pools(edgePool, { name: 'b', nodes: { matchLabels: { site: 'a' } } }),
      }),
    ],
    passes: [captured({ rest: pools(edgePool, { name: 'b', nodes: { matchLabels: { site: 'a' } } }) }), captured()],
  },
  'slb-pools-without-servicelb': {
    fails: [
      subject({
        desired: desiredState({ loadBalancer: { pools: [edgePool] }, components: { servicelb: { enabled: false } } }),
      }),
    ],
    passes: [subject(pools(edgePool)), subject({ desired: desiredState() })],
  },
})

test('a cluster as K3s installs it has no finding', () => {
  const traefik = service('traefik', {
    namespace: 'kube-system',
    ports: [
      { protocol: 'TCP', port: 80 },
      { protocol: 'TCP', port: 443 },
    ],
    ipFamilies: [4],
    externalTrafficPolicy: 'Cluster',
    endpointNodes: ['pi-1'],
  })
  for (const version of ['v1.20.15+k3s1', 'v1.24.10+k3s1', 'v1.33.4+k3s1']) {
    expect(runRules(servicelbRules.rules, captured({ version, services: [traefik], settings: {} }))).toEqual([])
    expect(runRules(servicelbRules.rules, { ...written([], {}), desired: desiredState() })).toEqual([])
  }
})

test('an excluded node beside enabled ones is worth a notice only', () => {
  const nodes = [machine('pi-1', on), machine('pi-12', { [enableLabel]: 'false' })]
  expect(runRules(servicelbRules.rules, captured({ nodes })).map(({ code, severity }) => [code, severity])).toEqual([
    ['SLB_ENABLELB_FALSE', 'notice'],
  ])
})

test('who translates an external address is certain only where the interfaces are known', () => {
  const found = captured({ nodes: [server, outside], services: [local()] })
  const severities = (interfaces: readonly string[]) =>
    runRules(servicelbRules.rules, {
      ...found,
      nodes: found.nodes.map((one) => ({
        ...one,
        host: {
          files: new Map(),
          unreadable: [],
          network: {
            interfaces: [{ name: 'eth0', isUp: true, mtuBytes: 1500, addresses: interfaces }],
            defaultRoutes: [],
          },
        },
      })),
    }).map((problem) => problem.severity)
  expect(runRules(servicelbRules.rules, found).map((problem) => problem.severity)).toEqual(['warning'])
  expect(severities(['10.0.0.5/24'])).toEqual(['error'])
  expect(severities(['10.0.0.5/24', '203.0.113.5/29'])).toEqual([])
})

test('under flannel-external-ip the external address of a node stays', () => {
  const fixes = (settings: Readonly<Record<string, boolean>>): readonly string[] =>
    runRules(servicelbRules.rules, captured({ nodes: [server, outside], services: [local()], settings })).flatMap(
      ({ code, fix }) => (code === 'SLB_LOCAL_NAT_EXTIP' ? [fix] : []),
    )
  expect(fixes({})[0]).toContain('take node-external-ip off every node')
  expect(fixes({ 'flannel-external-ip': true })).toEqual([
    'use externalTrafficPolicy Cluster; flannel-external-ip needs node-external-ip',
  ])
})

test('a pool that selects no known node is told at its selector', () => {
  const nowhere = { ...edgePool, nodes: { names: ['pi-99'] } }
  const [found] = runRules(servicelbRules.rules, captured({ services: [pooled('web')], rest: pools(nowhere) })).filter(
    ({ code }) => code === 'SLB_POOL_WITHOUT_ENABLE',
  )
  expect(found?.place.file).toContain('spec.loadBalancer.pools.0.nodes')
  expect(found?.fix).toBe('name nodes that the cluster has, or labels that they carry')
})

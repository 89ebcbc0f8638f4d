import { describe, expect, test } from 'vitest'
import { assumedFacts } from '../../src/domain/facts.ts'
import type { Problem } from '../../src/domain/problem.ts'
import { allRules } from '../../src/lint/catalogue.ts'
import { runRules } from '../../src/lint/run-rules.ts'
import { repositorySubject } from '../../src/reconcile/lint-repository.ts'
import type { DesiredState } from '../../src/schema/documents.ts'
import { desiredState, manifest } from '../lab/desired-state.ts'

const configMap = (name: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: lan\ndata: {}\n`

function lint(desired: DesiredState): Problem[] {
  return runRules(allRules, repositorySubject(desired, assumedFacts))
}

function codes(desired: DesiredState): string[] {
  return lint(desired)
    .map((problem) => problem.code)
    .sort()
}

test('the defaults of K3s have no finding', () => {
  expect(lint(desiredState())).toEqual([])
})

describe('addressing', () => {
  const cases: readonly { name: string; addressing: Record<string, unknown>; expected: readonly string[] }[] = [
    { name: 'equal ranges overlap', addressing: { serviceCIDR: ['10.42.0.0/16'] }, expected: ['CIDR_OVERLAP'] },
    {
      name: 'a range inside another overlaps',
      addressing: { serviceCIDR: ['10.42.128.0/20'] },
      expected: ['CIDR_OVERLAP'],
    },
    {
      name: 'a range around another overlaps',
      addressing: { serviceCIDR: ['10.32.0.0/11'] },
      expected: ['CIDR_OVERLAP', 'NET_SERVICE_SIZE'],
    },
    {
      name: 'neighbours do not',
      addressing: { clusterCIDR: ['10.42.0.0/17'], serviceCIDR: ['10.42.128.0/17'] },
      expected: [],
    },
    {
      name: 'families must match',
      addressing: { clusterCIDR: ['10.42.0.0/16', 'fd00:42::/56'] },
      expected: ['ADDRESS_FAMILIES_DIFFER', 'NET_IPV6_ULA_MASQ'],
    },
    {
      name: 'order of families matters',
      addressing: { clusterCIDR: ['10.42.0.0/16', 'fd00:42::/56'], serviceCIDR: ['fd00:43::/112', '10.43.0.0/16'] },
      expected: ['ADDRESS_FAMILIES_DIFFER', 'NET_IPV6_ULA_MASQ'],
    },
    {
      name: 'DNS is a Service address',
      addressing: { clusterDNS: ['10.44.0.10'] },
      expected: ['DNS_OUTSIDE_SERVICE_CIDR'],
    },
    {
      name: 'DNS inside is fine',
      addressing: { serviceCIDR: ['10.60.0.0/24'], clusterDNS: ['10.60.0.254'] },
      expected: [],
    },
    {
      name: 'DNS one past the end is not',
      addressing: { serviceCIDR: ['10.60.0.0/24'], clusterDNS: ['10.60.1.0'] },
      expected: ['DNS_OUTSIDE_SERVICE_CIDR'],
    },
  ]
  for (const { name, addressing, expected } of cases) {
    test(name, () => expect(codes(desiredState({ addressing }))).toEqual(expected))
  }
})

test('direct routing is for vxlan, and flannel options are for flannel', () => {
  expect(codes(desiredState({ cni: { flannel: { backend: 'host-gw', directRouting: true } } }))).toEqual([
    'DIRECT_ROUTING_NEEDS_VXLAN',
  ])
  expect(codes(desiredState({ cni: { plugin: 'none', flannel: { interface: 'eth1' } } }))).toEqual([
    'CNI_NONE_WITHOUT_CNI',
    'FLANNEL_OPTIONS_UNUSED',
  ])
})

test('a node, a Service and a name belong to one pool', () => {
  const services = [{ namespace: 'a', name: 'b' }]
  const pools = [
    { name: 'one', nodes: { names: ['pi-1'] }, services },
    { name: 'one', nodes: { names: ['pi-1'] }, services },
  ]
  expect(codes(desiredState({ loadBalancer: { pools } }))).toEqual([
    'POOL_MEMBER_TWICE',
    'POOL_MEMBER_TWICE',
    'POOL_MEMBER_TWICE',
    // Traefik, which is in no pool, would be served by every node of one.
    'SLB_UNPOOLED_SERVICE',
  ])
})

test('pools without ServiceLB are pointless', () => {
  const pools = [{ name: 'one', nodes: { names: ['pi-1'] } }]
  expect(codes(desiredState({ loadBalancer: { pools }, components: { servicelb: { enabled: false } } }))).toEqual([
    'POOLS_WITHOUT_SERVICELB',
  ])
})

test('one chart has one override, and Traefik has its own place', () => {
  const twice = [
    { name: 'a', values: { x: 1 } },
    { name: 'a', namespace: 'other', values: { x: 1 } },
  ]
  expect(codes(desiredState({ helmChartConfigs: twice }))).toEqual(['CHART_OVERRIDE_TWICE'])
  expect(
    codes(desiredState({ helmChartConfigs: [{ name: 'traefik', values: { deployment: { replicas: 2 } } }] })),
  ).toEqual(['CHART_OVERRIDE_TWICE'])
  expect(codes(desiredState({ helmChartConfigs: [{ name: 'a', valuesContent: '- a list' }] }))).toEqual([
    'CHART_VALUES_INVALID',
  ])
})

describe('manifests', () => {
  const cases: readonly {
    name: string
    file: string
    components?: Record<string, unknown>
    expected: readonly string[]
  }[] = [
    { name: 'a plain one is fine', file: 'lan.yaml', expected: [] },
    { name: 'a skip marker is fine', file: 'coredns.yaml.skip', expected: [] },
    { name: 'a packaged name is overwritten', file: 'coredns.yaml', expected: ['PACKAGED_NAME'] },
    { name: 'so is one in a directory', file: 'metrics-server/auth-reader.yaml', expected: ['PACKAGED_NAME'] },
    { name: 'a rendered name is reserved', file: 'fairlead-x.yaml', expected: ['RESERVED_NAME'] },
    { name: 'an Addon needs an object name', file: 'My_app.yaml', expected: ['ADDON_NAME_INVALID'] },
    { name: 'other extensions are ignored', file: 'README.md', expected: ['MANIFEST_IGNORED'] },
    {
      name: 'a disabled name is deleted',
      file: 'sub/traefik.json',
      components: { traefik: { enabled: false } },
      expected: ['DISABLED_NAME'],
    },
    {
      name: 'an enabled one is not deleted, but shares its Addon',
      file: 'sub/local-storage.json',
      expected: ['ADDON_NAME_CLASH'],
    },
    { name: 'nothing hidden is written', file: '.git/config.yaml', expected: ['MANIFEST_NAME_REFUSED'] },
  ]
  for (const { name, file, components, expected } of cases) {
    test(name, () => {
      const desired = desiredState(components === undefined ? {} : { components }, [manifest(file, configMap('a'))])
      expect(codes(desired)).toEqual(expected)
    })
  }

  test('two files of one Addon prune each other', () => {
    const files = [manifest('a.yaml', configMap('one')), manifest('sub/a.v2.yaml', configMap('two'))]
    expect(codes(desiredState({}, files))).toEqual(['ADDON_NAME_CLASH'])
  })

  test('one object is defined once', () => {
    const files = [manifest('a.yaml', configMap('one')), manifest('b.yaml', `---\n${configMap('one')}`)]
    const problems = lint(desiredState({}, files))
    expect(problems.map((problem) => [problem.code, problem.place.file])).toEqual([
      ['OBJECT_TWICE', 'clusters/home/manifests/b.yaml'],
    ])
  })
})

test('a directory of another name is refused', () => {
  expect(codes({ ...desiredState(), clusterDirectory: 'clusters/office' })).toEqual(['CLUSTER_NAME_MISMATCH'])
})

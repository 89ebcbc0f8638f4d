import { describe, expect, test } from 'vitest'
import { directory, foundIn, load, network, nodeHeader } from './repository-builder.ts'

function problemIn(text: string) {
  const { problems } = load({ [`${directory}/network.yaml`]: network + text })
  expect(problems).toHaveLength(1)
  const [problem] = problems
  if (problem === undefined) throw new Error('no problem')
  return problem
}

function foundInNode(text: string): string[] {
  const { problems } = load({
    [`${directory}/network.yaml`]: network,
    [`${directory}/nodes/a.yaml`]: `${nodeHeader}spec:\n  nodes: { names: [a] }\n${text}`,
  })
  return problems
    .filter(({ severity }) => severity === 'error')
    .map(({ code, place }) => `${place.line}:${place.column} ${code}`)
}

describe('unknown fields', () => {
  test('are told with the field that was probably meant', () => {
    expect(problemIn('  cni: { flannel: { bakcend: vxlan } }\n')).toMatchObject({
      code: 'UNKNOWN_FIELD',
      severity: 'error',
      place: { line: 7, column: 21 },
      what: 'spec.cni.flannel has no field "bakcend"',
      fix: 'did you mean backend?',
      sourceLine: '  cni: { flannel: { bakcend: vxlan } }',
    })
  })

  test('that resemble nothing are told with the fields there are', () => {
    expect(problemIn('  drift: { xyzzy: 1 }\n').fix).toBe('fields here: packagedFiles, drops')
  })

  test('are found at their own place, several in one object, and inside lists', () => {
    expect(foundIn('  loadBalancer:\n    pools:\n    - { name: a, nodes: { names: [x] }, foo: 1, bar: 2 }\n')).toEqual([
      '9:41 UNKNOWN_FIELD',
      '9:49 UNKNOWN_FIELD',
    ])
  })

  test('are free inside Helm values, where null has a meaning of its own', () => {
    expect(foundIn('  components: { traefik: { values: { any: { thing: null } } } }\n')).toEqual([])
    expect(foundIn('  helmChartConfigs: [{ name: x, values: { a: null } }]\n')).toEqual([])
  })
})

test('a wrong choice is told with the nearest one, and with all of them', () => {
  expect(problemIn('  cni: { plugin: flanel }\n')).toMatchObject({
    code: 'UNKNOWN_VALUE',
    what: 'spec.cni.plugin "flanel" is not one of its values',
    why: 'it takes flannel, calico, canal, cilium, none',
    fix: 'did you mean flannel?',
  })
})

test('what is missing is told with what it is for', () => {
  expect(problemIn('  loadBalancer: { pools: [{ nodes: { names: [a] } }] }\n')).toMatchObject({
    code: 'REQUIRED_FIELD',
    place: { line: 7, column: 27 },
    what: 'spec.loadBalancer.pools[0].name is missing',
    why: 'it has no default, so nothing can stand in for it',
    fix: 'write name here. Name of the pool; becomes the label svccontroller.k3s.cattle.io/lbpool',
  })
})

test('an empty value is no default', () => {
  expect(problemIn('  components:\n').code).toBe('NULL_VALUE')
})

describe('types', () => {
  test('ask for quotes, or for none', () => {
    expect(problemIn('  addressing: { clusterDomain: 5 }\n')).toMatchObject({
      code: 'WRONG_TYPE',
      fix: 'write it in quotes',
    })
    expect(problemIn('  rollout: { maxUnavailable: "2" }\n')).toMatchObject({
      code: 'WRONG_TYPE',
      fix: 'write it without quotes',
    })
    expect(problemIn('  addressing: { clusterCIDR: 10.0.0.0/8 }\n')).toMatchObject({
      what: 'spec.addressing.clusterCIDR "10.0.0.0/8" is not a list',
    })
  })

  test('of a scalar that needs quotes are not told twice', () => {
    expect(foundIn('  components: { traefik: { enabled: no } }\n')).toEqual(['7:37 AMBIGUOUS_SCALAR'])
  })
})

describe('values that K3s or Linux would refuse', () => {
  const cases: { text: string; expected: string[] }[] = [
    { text: 'k3sVersion: v1.33', expected: ['6:15 VERSION_INVALID'] },
    { text: 'k3sVersion: v1.17.0+k3s.1', expected: [] },
    { text: 'k3sVersion: v1.17.0+k3s.', expected: ['6:15 VERSION_INVALID'] },
    { text: 'addressing: { clusterCIDR: [010.0.0.0/8] }', expected: ['7:31 CIDR_INVALID'] },
    { text: 'addressing: { clusterCIDR: [10.0.0.5/8] }', expected: ['7:31 CIDR_HOST_BITS'] },
    { text: 'addressing: { clusterCIDR: [] }', expected: ['7:30 TOO_FEW_ITEMS'] },
    { text: 'addressing: { clusterCIDR: [10.0.0.0/8, 11.0.0.0/8] }', expected: ['7:30 FAMILY_TWICE'] },
    { text: 'addressing: { clusterDNS: [10.43.0.10/32] }', expected: ['7:30 ADDRESS_INVALID'] },
    { text: 'addressing: { clusterDomain: Cluster.Local }', expected: ['7:32 NAME_INVALID'] },
    { text: 'addressing: { serviceNodePortRange: 32767-30000 }', expected: ['7:39 PORT_RANGE_INVALID'] },
    { text: 'addressing: { serviceNodePortRange: 30000-70000 }', expected: ['7:39 PORT_RANGE_INVALID'] },
    { text: 'cni: { flannel: { interface: way-too-long-name } }', expected: ['7:32 INTERFACE_INVALID'] },
    { text: 'components: { coredns: { custom: { "a b": x } } }', expected: ['7:38 CONFIG_KEY_INVALID'] },
    { text: 'helmChartConfigs: [{ name: x }]', expected: ['7:22 AT_LEAST_ONE'] },
    { text: 'helmChartConfigs: [{ name: x, valuesFrom: [] }]', expected: ['7:22 AT_LEAST_ONE'] },
    { text: 'helmChartConfigs: [{ name: x, values: {}, valuesContent: "" }]', expected: ['7:22 ONLY_ONE'] },
    { text: 'helmChartConfigs: [{ name: x, valuesFrom: [{ secretName: s, keys: [k] }] }]', expected: [] },
    { text: 'helmChartConfigs: [{ name: x, failurePolicy: retry }]', expected: [] },
    {
      text: 'helmChartConfigs: [{ name: x, values: {}, valuesFrom: [{ secretName: s, keys: [k] }] }]',
      expected: [],
    },
    { text: 'helmChartConfigs: [{ name: 5 }]', expected: ['7:22 AT_LEAST_ONE', '7:30 WRONG_TYPE'] },
    {
      text: 'loadBalancer: { pools: [{ name: a, nodes: { matchLabels: { "-x": z } } }] }',
      expected: ['7:62 LABEL_INVALID'],
    },
    { text: 'rollout: { confirmTimeout: 9s }', expected: ['7:30 DURATION_INVALID'] },
    { text: 'rollout: { confirmTimeout: 301s }', expected: ['7:30 DURATION_INVALID'] },
    { text: 'rollout: { maxUnavailable: 0 }', expected: ['7:30 OUT_OF_RANGE'] },
    { text: 'rollout: { maxUnavailable: 1.5 }', expected: ['7:30 WRONG_TYPE'] },
    { text: 'rollout: { windows: [{ schedule: "0 25 * * *", duration: 2h }] }', expected: ['7:36 CRON_INVALID'] },
    {
      text: 'rollout: { windows: [{ schedule: "0 2 * * 6", duration: 25h, timeZone: Mars/Olympus }] }',
      expected: ['7:59 DURATION_INVALID', '7:74 TIME_ZONE_INVALID'],
    },
    {
      text: 'probes: [{ name: a, tcp: { host: "a b", port: 70000 } }]',
      expected: ['7:36 HOST_INVALID', '7:49 OUT_OF_RANGE'],
    },
    { text: 'probes: [{ name: a, http: { url: "https://user:pw@nas.lan" } }]', expected: ['7:36 URL_INVALID'] },
    { text: 'probes: [{ name: a }]', expected: ['7:12 EXACTLY_ONE'] },
  ]
  for (const { text, expected } of cases) {
    const body = text.startsWith('k3sVersion') ? network.replace(/k3sVersion: .*/, text) : `${network}  ${text}\n`
    test(text, () => {
      const { problems } = load({ [`${directory}/network.yaml`]: body })
      const errors = problems.filter(({ severity }) => severity === 'error')
      expect(errors.map(({ code, place }) => `${place.line}:${place.column} ${code}`)).toEqual(expected)
    })
  }

  const nodeCases: { text: string; expected: string[] }[] = [
    { text: 'nodeIP: [10.0.0.1, 10.0.0.2]', expected: ['6:11 FAMILY_TWICE'] },
    {
      text: 'firewall: { input: [{ name: a, from: [10.0.0.1], notFrom: [10.0.0.2], action: Drop }] }',
      expected: ['6:23 ONLY_ONE'],
    },
    {
      text: 'firewall: { input: [{ name: a, ports: [22], action: Accept }] }',
      expected: ['6:23 PORTS_WITHOUT_PROTOCOL'],
    },
    {
      text: 'firewall: { input: [{ name: a, protocol: tcp, ports: [0, "9-8"], action: Accept }] }',
      expected: ['6:57 OUT_OF_RANGE', '6:60 PORT_RANGE_INVALID'],
    },
    { text: 'routes: [{ to: 10.0.0.0/8 }]', expected: ['6:12 AT_LEAST_ONE'] },
    { text: 'routingRules: [{ priority: 40000, table: 1, from: 10.0.0.0/8 }]', expected: ['6:30 OUT_OF_RANGE'] },
    { text: 'sysctls: { kernel.panic: "1" }', expected: ['6:14 SYSCTL_INVALID'] },
    { text: 'sysctls: { net.ipv4.ip_forward: 1 }', expected: ['6:35 WRONG_TYPE'] },
  ]
  for (const { text, expected } of nodeCases) test(text, () => expect(foundInNode(`  ${text}\n`)).toEqual(expected))

  test('a range with host bits is told with the range', () => {
    expect(problemIn('  addressing: { clusterCIDR: [10.0.0.5/8] }\n').fix).toBe(
      'write 10.0.0.0/8 for the range, or /32 for the address',
    )
  })
})

test('long values are cut, and values of fields that may be secret are not shown', () => {
  expect(problemIn(`  addressing: { clusterDomain: "${'X'.repeat(500)}" }\n`).what.length).toBeLessThan(150)
  const dashboard = problemIn('  components: { traefik: { dashboard: { host: a, basicAuthSecret: "hunter 2" } } }\n')
  expect(JSON.stringify(dashboard)).not.toContain('hunter')
})

describe('passwords in addresses are told nowhere', () => {
  const cases: { text: string; what: string; fix: RegExp }[] = [
    {
      text: 'cni: { plugin: cilium, chart: { repository: "https://user:hunter2@helm.cilium.io" } }',
      what: 'spec.cni.chart.repository "https://********@helm.cilium.io" is not an http or https address without credentials',
      fix: /^write it like https:\/\/helm\.cilium\.io; .* charts\/ and name it in file$/,
    },
    {
      text: 'cni: { plugin: cilium, chart: { oci: "oci://hunter2@registry.lan/charts/cilium" } }',
      what: 'spec.cni.chart.oci "oci://********@registry.lan/charts/cilium" is not an OCI reference',
      fix: /^write it like oci:/,
    },
    {
      text: 'probes: [{ name: a, http: { url: "https://user:hun/ter2@nas.lan" } }]',
      what: 'spec.probes[0].http.url "https://********@nas.lan" is not an http or https address without credentials',
      fix: /nas\.home\.lan/,
    },
    {
      text: 'probes: [{ name: a, tcp: { host: "tcp://user:hunter2@nas.lan", port: 1 } }]',
      what: 'spec.probes[0].tcp.host "tcp://********@nas.lan" is not a host name or an address',
      fix: /nas\.home\.lan/,
    },
    {
      text: 'components: { disable: ["--token=hunter2"] }',
      what: 'spec.components.disable[0] (not shown) is not an item of the disable list',
      fix: /^write a name/,
    },
  ]
  test.each(cases)('$text', ({ text, what, fix }) => {
    const problem = problemIn(`  ${text}\n`)
    expect(problem.what).toBe(what)
    expect(problem.fix).toMatch(fix)
    expect(JSON.stringify(problem)).not.toMatch(/hunter2|hun\/ter2/)
  })

  test('a chart is not told about probes', () => {
    const { why, fix } = problemIn('  cni: { plugin: cilium, chart: { repository: "ftp://helm.cilium.io" } }\n')
    expect(`${why} ${fix}`).not.toMatch(/probe|health/)
  })
})

test('everything that DESIGN shows is accepted', () => {
  const node = `  firewall:
    input:
      - { name: mgmt, from: [192.168.1.0/24], protocol: tcp, ports: [22, 6443], action: Accept }
    services:
      - { name: nodeports-lan-only, notFrom: [192.168.0.0/16], protocol: tcp, ports: ["30000-32767"], action: Drop }
  masqueradeExemptions:
    - { name: lan-sees-pod-addresses, from: [10.42.0.0/16], to: [192.168.0.0/16] }
  routes:
    - { to: 10.60.0.0/16, via: 192.168.1.2, dev: eth0, metric: 100 }
  routingRules: []
  sysctls: { net.ipv6.conf.eth0.accept_ra: "2" }
`
  expect(foundInNode(node)).toEqual([])
  const outcome = load({
    [`${directory}/network.yaml`]: `${network}  addressing:
    clusterCIDR: [10.42.0.0/16]
    serviceCIDR: [10.43.0.0/16]
    serviceNodePortRange: 30000-32767
    clusterDNS: [10.43.0.10]
    clusterDomain: cluster.local
  cni:
    plugin: flannel
    flannel: { backend: vxlan, directRouting: true, interface: eth1, ipv6Masq: false }
    secondary: { macvlan: [] }
  components:
    coredns: { enabled: true, custom: { lan.server: "lan:53 { forward . 192.168.1.1 }" } }
    traefik:
      enabled: true
      values: { ports: { web: { exposedPort: 80 } } }
      dashboard: { enabled: true, host: traefik.home.lan, basicAuthSecret: traefik-dashboard }
  helmChartConfigs: []
  loadBalancer:
    pools:
      - { name: edge, nodes: { names: [pi-1, pi-2] }, services: [{ namespace: kube-system, name: traefik }] }
  drift: { packagedFiles: Restore, drops: Allow }
  rollout:
    maxUnavailable: 1
    confirmTimeout: 60s
    windows: [{ schedule: "0 2 * * 6", duration: 2h, timeZone: Europe/Berlin }]
    requireWindowFor: [K3sRestart, DataPlaneOutage]
  probes: []
`,
  })
  expect(outcome.kind).toBe('loaded')
})

import { describe, expect, test } from 'vitest'
import { listClusters, loadCluster } from '../../src/schema/load-cluster.ts'
import { directory, entriesBelow, found, load, network, nodeHeader } from './repository-builder.ts'

const file = `${directory}/network.yaml`
const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: lan }\n'

test('the smallest network is complete, every default filled in', () => {
  const outcome = load({ [file]: network })
  expect(outcome.problems).toEqual([])
  expect(outcome).toMatchObject({
    kind: 'loaded',
    desired: {
      clusterDirectory: directory,
      nodes: [],
      manifests: [],
      cluster: {
        metadata: { name: 'home' },
        spec: {
          addressing: {},
          cni: { plugin: 'flannel', flannel: { backend: 'vxlan', directRouting: false }, secondary: { macvlan: [] } },
          components: {
            coredns: { enabled: true, custom: {} },
            traefik: { enabled: true },
            localStorage: { enabled: true },
          },
          helmChartConfigs: [],
          loadBalancer: { pools: [] },
          drift: { packagedFiles: 'Restore', drops: 'Allow' },
          rollout: {
            maxUnavailable: 1,
            confirmTimeout: '60s',
            windows: [],
            requireWindowFor: ['K3sRestart', 'DataPlaneOutage'],
          },
          probes: [],
        },
      },
    },
  })
})

test('the cluster directory is asked for first', () => {
  expect(loadCluster({ clusterDirectory: directory, directories: new Map() })).toEqual({
    kind: 'needs',
    directories: [directory],
  })
})

test('the root of the repository can be the cluster directory', () => {
  expect(load({ 'network.yaml': network, 'manifests/a.yaml': configMap }, '')).toMatchObject({
    kind: 'loaded',
    desired: { clusterDirectory: '', manifests: [{ name: 'a.yaml', file: 'manifests/a.yaml' }] },
  })
})

describe('what belongs to a cluster directory', () => {
  test('manifests come as they are, sorted by name, nodes sorted by name', () => {
    const outcome = load({
      [file]: network,
      [`${directory}/manifests/sub/b.yaml`]: `\uFEFF${configMap}`,
      [`${directory}/manifests/a.yaml`]: `${configMap}---\r\n`,
      [`${directory}/nodes/z/two.yml`]: `${nodeHeader.replace('edge', 'zeta')}spec: { nodes: { names: [a] } }\n`,
      [`${directory}/nodes/one.yaml`]: `${nodeHeader}spec: { nodes: { matchLabels: { role: edge } } }\n---\n# nothing\n---\n${nodeHeader.replace('edge', 'alpha')}spec: { nodes: { names: [b] } }\n`,
      [`${directory}/charts/x.tgz`]: new Uint8Array([0x1f, 0x8b, 255]),
      [`${directory}/README.md`]: '# home',
      [`${directory}/nodes/README.md`]: 'a: [',
    })
    expect(outcome.problems).toEqual([])
    expect(outcome).toMatchObject({
      desired: {
        manifests: [
          { name: 'a.yaml', text: `${configMap}---\r\n`, file: `${directory}/manifests/a.yaml` },
          { name: 'sub/b.yaml', text: `\uFEFF${configMap}` },
        ],
        nodes: [{ metadata: { name: 'alpha' } }, { metadata: { name: 'edge' } }, { metadata: { name: 'zeta' } }],
      },
    })
  })

  test('network.yml does as well, but not beside network.yaml', () => {
    expect(load({ [`${directory}/network.yml`]: network }).kind).toBe('loaded')
    expect(found({ [file]: network, [`${directory}/network.yml`]: network })).toEqual([
      `${directory}/network.yml:1:1 NETWORK_TWICE`,
    ])
  })

  test('a directory without network.yaml is told so, and so is an empty one', () => {
    expect(found({})).toEqual([`${file}:1:1 NETWORK_MISSING`])
    expect(found({ [file]: '# nothing yet\n' })).toEqual([`${file}:1:1 DOCUMENT_EMPTY`])
  })

  test('YAML that looks as if it were read is a warning', () => {
    const outcome = load({ [file]: network, [`${directory}/edge.yaml`]: nodeHeader })
    expect(outcome.kind).toBe('loaded')
    expect(outcome.problems).toMatchObject([{ code: 'FILE_IGNORED', severity: 'warning' }])
  })

  test('documents of another kind are refused where they stand', () => {
    expect(
      found({
        [file]: `${nodeHeader}spec: {}\n`,
        [`${directory}/nodes/a.yaml`]: configMap,
        [`${directory}/nodes/b.yaml`]: '[]',
      }),
    ).toEqual([
      `${file}:2:7 WRONG_KIND`,
      `${directory}/nodes/a.yaml:2:7 WRONG_KIND`,
      `${directory}/nodes/b.yaml:1:1 DOCUMENT_NOT_OBJECT`,
    ])
  })

  test('another version is refused once, not field by field', () => {
    expect(found({ [file]: network.replace('v1alpha1', 'v1') })).toEqual([`${file}:1:13 API_VERSION_UNKNOWN`])
  })

  test('two NodeNetworks of one name are refused', () => {
    const node = `${nodeHeader}spec: { nodes: { names: [a] } }\n`
    expect(
      found({ [file]: network, [`${directory}/nodes/a.yaml`]: node, [`${directory}/nodes/b.yaml`]: node }),
    ).toEqual([`${directory}/nodes/b.yaml:3:19 NAME_TWICE`])
  })
})

test('all problems of all files come in one run, sorted by place', () => {
  expect(
    found({
      [file]: `${network}  cni: { plugin: flanel }\n  foo: 1\n  addressing: { clusterCIDR: [10.0.0.0/99] }\n`,
      [`${directory}/nodes/b.yaml`]: `${nodeHeader}spec: { nodes: {}, bar: 1 }\n`,
      [`${directory}/nodes/a.yaml`]: 'a: [\n',
      [`${directory}/manifests/x.yaml`]: 'kind: Pod\n',
    }),
  ).toEqual([
    `${directory}/manifests/x.yaml:1:1 MANIFEST_INCOMPLETE`,
    `${file}:7:18 UNKNOWN_VALUE`,
    `${file}:8:3 UNKNOWN_FIELD`,
    `${file}:9:31 CIDR_INVALID`,
    `${directory}/nodes/a.yaml:2:1 YAML_SYNTAX`,
    `${directory}/nodes/b.yaml:4:16 EXACTLY_ONE`,
    `${directory}/nodes/b.yaml:4:20 UNKNOWN_FIELD`,
  ])
})

test('places lead back to the files', () => {
  const outcome = load({
    [file]: `${network}  loadBalancer:\n    pools:\n      - name: lan\n        nodes: { names: [a] }\n`,
    [`${directory}/nodes/a.yaml`]: `${nodeHeader}spec: { nodes: { names: [a] } }\n`,
  })
  if (outcome.kind !== 'loaded') throw new Error('refused')
  const { places } = outcome.desired
  expect(places.clusterPlace(['spec', 'loadBalancer', 'pools', 0, 'name'])).toEqual({
    place: { file, line: 9, column: 15 },
    sourceLine: '      - name: lan',
  })
  expect(places.clusterPlace(['spec', 'rollout', 'maxUnavailable']).place).toMatchObject({ line: 5, column: 1 })
  expect(places.nodePlace('edge', ['spec', 'nodes', 'names', 0]).place).toEqual({
    file: `${directory}/nodes/a.yaml`,
    line: 4,
    column: 26,
  })
})

describe('Secrets in manifests/', () => {
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\n'
  const withManifest = (text: string): string[] => found({ [file]: network, [`${directory}/manifests/s.yaml`]: text })

  test('are refused when they hold anything', () => {
    expect(withManifest(`${secret}stringData: { a: hunter2 }\n`)).toEqual([
      `${directory}/manifests/s.yaml:1:1 PLAIN_SECRET`,
    ])
    expect(withManifest(secret)).toEqual([])
  })

  test('are refused inside lists too', () => {
    expect(
      withManifest('apiVersion: v1\nkind: SecretList\nitems:\n- metadata: { name: s }\n  data: { a: eA== }\n'),
    ).toEqual([`${directory}/manifests/s.yaml:4:3 PLAIN_SECRET`])
  })

  test('with a block that only looks like that of SOPS are refused', () => {
    expect(withManifest(`${secret}data: { a: x }\nsops: { mac: x }\n`)).toEqual([
      `${directory}/manifests/s.yaml:1:1 SOPS_UNREADABLE`,
    ])
    const block = 'sops: { mac: x, lastmodified: "2026-03-01T12:00:00Z", age: [{ recipient: age1x, enc: x }] }\n'
    expect(withManifest(`${secret}data: { a: eA== }\n${block}`)).toEqual([
      `${directory}/manifests/s.yaml:4:12 PLAIN_SECRET`,
    ])
  })
})

describe('fields that nothing acts on yet', () => {
  test('are loaded, with a notice at each', () => {
    const outcome = load({
      [file]: `${network}  rollout:\n    windows: [{ schedule: "0 2 * * 6", duration: 2h, timeZone: Europe/Berlin }]\n`,
    })
    expect(outcome.kind).toBe('loaded')
    expect(
      outcome.problems.map(({ severity, code, place }) => `${severity} ${code} ${place.line}:${place.column}`),
    ).toEqual(['notice NOT_ENFORCED 8:14'])
  })

  test('say nothing while they are not used', () => {
    expect(found({ [file]: `${network}  cni: { plugin: none }\n  rollout: { windows: [] }\n` })).toEqual([])
  })

  test('what the node agent carries out is no such field', () => {
    const outcome = load({
      [file]: `${network}  probes: [{ name: a, ping: { host: nas.lan } }]\n`,
      [`${directory}/nodes/a.yaml`]: `${nodeHeader}spec:
  nodes: { names: [a] }
  firewall: { input: [{ name: web, protocol: tcp, ports: [80], action: Accept }] }
  masqueradeExemptions: [{ name: lan, from: [10.42.0.0/16], to: [192.168.1.0/24] }]
  routes: [{ to: 10.60.0.0/16, via: 192.168.1.2 }]
  routingRules: [{ from: 10.60.0.0/16, table: 7100 }]
  sysctls: { net.ipv4.ip_forward: "1" }
`,
    })
    expect([outcome.kind, outcome.problems]).toEqual(['loaded', []])
  })
})

test('listClusters names the directories that hold a network', () => {
  const files = entriesBelow(
    {
      'clusters/home/network.yaml': network,
      'clusters/edge/network.yml': network,
      'clusters/edge/network.yaml': network,
      'clusters/empty/README.md': '',
      'clusters/a/b/network.yaml': network,
      'clusters/network.yaml': network,
      'clusters/../network.yaml': network,
      'other/x/network.yaml': network,
    },
    '',
  )
  expect(listClusters(files)).toEqual(['clusters/edge', 'clusters/home'])
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Facts, KubernetesObject } from '../../src/domain/facts.ts'
import type { HostReading } from '../../src/domain/host.ts'
import type { ClusterReading } from '../../src/ports/cluster-reader-port.ts'
import { cloudInitMachine } from '../../src/reconcile/import-cloud-init.ts'
import { importMachines } from '../../src/reconcile/import-machine.ts'
import { compileImported, factsOf, planOn, renderImported } from '../lab/imported-machine.ts'
import { manifests, observed, describe as told } from '../lab/planning.ts'

const k3sVersion = 'v1.33.4+k3s1'
const unit = '/etc/systemd/system/k3s.service'
const mainFile = '/etc/rancher/k3s/config.yaml'
const serverUnit = '[Service]\nExecStart=/usr/local/bin/k3s server\n'

function host(hostName: string, files: Readonly<Record<string, string>> = {}): HostReading {
  const all = { [unit]: serverUnit, ...files }
  return {
    hostName,
    files: new Map(Object.entries(all).map(([path, text]) => [path, observed(path, text, { mode: 0o644 })])),
    unreadable: [],
  }
}

function imported(...hosts: readonly HostReading[]) {
  return importMachines({ name: 'home', k3sVersion, hosts: hosts.map((reading) => ({ where: '/', reading })) })
}

const network = ({ files }: ReturnType<typeof imported>): string => files[0]?.text ?? ''
const body = (cluster: ReturnType<typeof imported>): string =>
  network(cluster).replace(/^[\s\S]*k3sVersion: .*\n\n?/, '')
const left = ({ notes }: ReturnType<typeof imported>): string[] => notes.map(({ what }) => what)

function cluster(facts: Partial<Facts>, args: Readonly<Record<string, readonly string[]>> = {}): ClusterReading {
  const nodes = (facts.nodes ?? []).map((node) => {
    const own = args[node.name]
    return own === undefined
      ? node
      : { ...node, annotations: { ...node.annotations, 'k3s.io/node-args': JSON.stringify(own) } }
  })
  return {
    facts: { origin: 'live', services: [], ...facts, nodes },
    serverVersion: k3sVersion,
    nodeArguments: new Map(),
    unread: [],
  }
}

const node = (name: string, role: 'server' | 'agent', labels = {}) => ({
  name,
  role,
  labels,
  addresses: [],
  k3sVersion,
})

describe('several servers', () => {
  test('what all of them say is said once, and what one says stands at its node', () => {
    const config = (ip: string) => ({ [mainFile]: `node-ip: ${ip}\ntls-san: k3s.lan\ndisable: [traefik]\n` })
    const found = imported(
      host('b', config('10.0.0.2')),
      host('a', { [mainFile]: `${config('10.0.0.1')[mainFile]}advertise-address: 10.0.0.1\n` }),
    )
    expect(body(found)).toBe(`  nodes:
    - { name: a, role: server, addresses: [10.0.0.1] }
    - { name: b, role: server, addresses: [10.0.0.2] }

  components:
    traefik: { enabled: false }

  k3sFlags:
    servers: { tls-san: [k3s.lan] }
`)
    expect(found.files.map(({ path }) => path)).toEqual(['network.yaml', 'nodes/a.yaml'])
  })

  test('a range that they do not agree on is not managed, and a backend is the first one’s', () => {
    const found = imported(
      host('a', { [mainFile]: 'cluster-cidr: 10.1.0.0/16\nflannel-backend: host-gw\n' }),
      host('b', { [mainFile]: 'cluster-cidr: 10.2.0.0/16\n' }),
    )
    expect(left(found)).toEqual([
      'cluster-cidr is 10.1.0.0/16 on a and 10.2.0.0/16 on b',
      'flannel-backend is host-gw on a and vxlan on b',
    ])
    expect(body(found)).toContain('flannel: { backend: host-gw }')
    expect(body(found)).not.toContain('clusterCIDR')
  })

  test('one that writes the default and one that does not agree', () => {
    const found = imported(host('a', { [mainFile]: 'flannel-backend: vxlan\n' }), host('b'))
    expect(left(found)).toEqual([])
    expect(body(found)).toContain('backend: vxlan')
  })

  test('a file that differs is left out, one that is missing somewhere is told', () => {
    const map = (value: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\ndata: { a: "${value}" }\n`
    const found = imported(
      host('a', { [`${manifests}/x.yaml`]: map('1'), [`${manifests}/y.yaml`]: map('1').replace('x', 'y') }),
      host('b', { [`${manifests}/x.yaml`]: map('2') }),
    )
    expect(found.files.map(({ path }) => path)).toEqual(['network.yaml', 'manifests/y.yaml'])
    expect(left(found)).toEqual([`${manifests}/x.yaml`, 'manifests/y.yaml is on a alone'])
  })

  test('are not both called the same', () => {
    expect(() => imported(host('a'), host('a'))).toThrow(/both called a/)
  })
})

describe('a living cluster', () => {
  const enable = 'svccontroller.k3s.cattle.io/enablelb'
  const pool = 'svccontroller.k3s.cattle.io/lbpool'

  test('flags come from what K3s says that it was started with', () => {
    const found = importMachines({
      name: 'home',
      hosts: [],
      cluster: cluster(
        { nodes: [node('s', 'server'), node('w', 'agent'), node('x', 'agent')] },
        {
          s: ['server', '--flannel-backend', 'host-gw', '--flannel-iface', 'eth1', '--token', '********'],
          w: ['agent', '--flannel-iface', 'eth1'],
        },
      ),
    })
    expect(body(found)).toBe(`  nodes:
    - { name: s, role: server }
    - { name: w, role: agent }
    - { name: x, role: agent }

  cni:
    plugin: flannel
    flannel:
      backend: host-gw
      interface: eth1
`)
    expect(left(found)).toEqual(['what K3s on x is told', 'the files in the manifests directory', 'token (Node/s)'])
  })

  test('pools are read from labels, where both are there; labels that say less stay', async () => {
    const service = (name: string, extra = {}) => ({
      namespace: 'default',
      name,
      type: 'LoadBalancer',
      labels: { [pool]: 'edge' },
      ...extra,
    })
    const reading = cluster(
      {
        nodes: [
          node('s', 'server', { [enable]: 'true', [pool]: 'edge' }),
          node('w', 'agent', { [pool]: 'inner' }),
          node('x', 'agent', { [enable]: 'yes' }),
        ],
        services: [service('web'), service('chart', { annotations: { 'meta.helm.sh/release-name': 'chart' } })],
      },
      { s: ['server'], w: ['agent'], x: ['agent'] },
    )
    const found = importMachines({ name: 'home', hosts: [], cluster: reading })
    expect(body(found)).toContain(`  loadBalancer:
    pools:
      - name: edge
        nodes: { names: [s] }
        services:
          - { namespace: default, name: web }
`)
    expect(left(found).slice(-3)).toEqual([
      'Service default/chart is in pool edge',
      'the pool "inner" of w',
      `${enable} on x`,
    ])
    const compiled = await compileImported('home', found, reading.facts)
    if (compiled.kind === 'refused') throw new Error(JSON.stringify(compiled.problems))
    for (const { object, kind, labels } of compiled.cluster.labels) {
      const there =
        kind === 'node-labels'
          ? reading.facts.nodes.find(({ name }) => name === object)?.labels
          : reading.facts.services.find(({ name }) => object === `default/${name}`)?.labels
      expect(there).toMatchObject(labels)
    }
  })

  test('overrides that are in no file are told, those in files and those that K3s ships are not', () => {
    const chart = (name: string): KubernetesObject => ({
      apiVersion: 'helm.cattle.io/v1',
      kind: 'HelmChartConfig',
      metadata: { name, namespace: 'kube-system' },
    })
    const addon: KubernetesObject = {
      apiVersion: 'k3s.cattle.io/v1',
      kind: 'Addon',
      metadata: { name: 'coredns', namespace: 'kube-system' },
      spec: { checksum: '0'.repeat(64) },
    }
    const objects = [chart('traefik'), chart('cilium'), { ...chart('traefik'), kind: 'HelmChart' }, addon]
    const text =
      'apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: { name: cilium, namespace: kube-system }\n'
    const reading = host('s', { [`${manifests}/cilium.yaml`]: text, [`${manifests}/coredns.yaml`]: '# edited\n' })
    const found = importMachines({
      name: 'home',
      hosts: [{ where: '/', reading }],
      cluster: cluster({ nodes: [node('s', 'server')], objects }),
    })
    expect(left(found)).toEqual([
      `${manifests}/coredns.yaml on s seems to be edited`,
      'HelmChartConfig kube-system/traefik',
    ])
  })
})

test('what cannot be read, and what is wrong, is told', () => {
  const reading: HostReading = {
    ...host('a', { [mainFile]: 'flannel-backend: [\n' }),
    unreadable: [{ path: '/etc/rancher/k3s/config.yaml.d', reason: 'permission denied' }],
  }
  expect(left(imported(reading))).toEqual([
    '/etc/rancher/k3s/config.yaml.d on a',
    expect.stringContaining(`${mainFile}:2: `),
  ])
})

test('a release is needed, and a name that Kubernetes takes', () => {
  const hosts = [{ where: '/mnt', reading: host('a') }]
  expect(() => importMachines({ name: 'home', hosts })).toThrow(/which release/)
  expect(() => importMachines({ name: 'home', hosts, k3sVersion: 'v1.33' })).toThrow(/no release of K3s/)
  expect(() => importMachines({ name: 'Home', hosts, k3sVersion })).toThrow(/no name in Kubernetes/)
  expect(() => imported(host('my_host'))).toThrow(/no name in Kubernetes/)
})

test('a cloud-init file is a machine that does not exist yet', () => {
  const text = `#cloud-config
write_files:
  - path: ${mainFile}
    content: |
      token: CANARY
      cluster-cidr: 10.50.0.0/16
  - path: ${manifests}/x.yaml
    content: |
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: x }
runcmd:
  - curl -sfL https://get.k3s.io | K3S_TOKEN=CANARY sh -s - server --disable traefik --flannel-iface eth1
`
  const machine = cloudInitMachine('vm', 'user-data', text)
  if (machine === undefined) throw new Error('not read')
  const found = importMachines({ name: 'home', k3sVersion, hosts: [], machines: [machine] })
  expect(JSON.stringify(found)).not.toContain('CANARY')
  expect(body(found)).toContain('clusterCIDR: [10.50.0.0/16]')
  expect(body(found)).toContain('traefik: { enabled: false }')
  expect(found.files.map(({ path }) => path)).toEqual(['network.yaml', 'nodes/vm.yaml', 'manifests/x.yaml'])
  expect(cloudInitMachine('vm', 'user-data', 'hostname: vm\n')).toBeUndefined()
})

describe('whatever a machine is told', () => {
  const items = ['coredns', 'traefik', 'servicelb', 'local-storage', 'metrics-server']
  const bool = fc.constantFrom('true', 'false', 'yes', 'off', '1', '"0"')
  const flags = fc.record(
    {
      'cluster-cidr': fc.constantFrom('10.7.0.0/16', '10.7.0.0/16,fd07::/56', '[10.7.0.0/16]'),
      'cluster-domain': fc.constantFrom('lan.example', 'cluster.local'),
      'cluster-dns': fc.constantFrom('10.43.0.99', '[10.43.0.10]'),
      'service-node-port-range': fc.constantFrom('30000-30500', '"30000-32767"', '30000'),
      'flannel-backend': fc.constantFrom('vxlan', 'host-gw', 'wireguard-native', 'none', '"none"'),
      'flannel-ipv6-masq': bool,
      'flannel-external-ip': bool,
      'flannel-iface': fc.constantFrom('eth0', 'bond0.7', '"en p"'),
      'disable-network-policy': bool,
      'disable-kube-proxy': bool,
      'disable-cloud-controller': bool,
      'disable-helm-controller': bool,
      'servicelb-namespace': fc.constantFrom('lb', 'kube-system'),
      'kubelet-arg': fc.constantFrom('max-pods=99', '[a=b, cloud-provider=external, "x,y=1"]', '[]'),
      'node-ip': fc.constantFrom('10.0.0.1', '10.0.0.1,fd00::1', 'eth0'),
      'node-label': fc.constantFrom('a=b', '[a=b, "c=yes"]'),
      'tls-san': fc.constantFrom('a.lan,b.lan', '[a.lan, 10.0.0.9]', '""'),
      'https-listen-port': fc.constantFrom('6443', '"06443"', '0x1933'),
      'bind-address': fc.constantFrom('0.0.0.0', '"::"'),
      'with-node-id': bool,
      'egress-selector-mode': fc.constantFrom('agent', 'disabled'),
      'embedded-registry': bool,
      'write-kubeconfig-mode': fc.constant('0644'),
      'not-a-flag': fc.constant('1'),
    },
    { requiredKeys: [] },
  )
  const disable = fc.array(fc.constantFrom(...items), { maxLength: 4 })
  const asArguments = (list: readonly string[]): string => list.map((item) => ` --disable=${item}`).join('')

  test('what is imported is in force there', async () => {
    await fc.assert(
      fc.asyncProperty(flags, disable, disable, disable, async (main, first, more, unitItems) => {
        const lines = Object.entries(main).map(([key, value]) => `${key}: ${value}\n`)
        const reading = host('a', {
          [unit]: `[Service]\nExecStart=/usr/local/bin/k3s server${asArguments(unitItems)}\n`,
          [mainFile]: `${lines.join('')}disable: ${JSON.stringify(first)}\n`,
          [`${mainFile}.d/10-more.yaml`]: `disable+: ${JSON.stringify(more)}\n`,
        })
        const found = imported(reading)
        // Rules may object to the machine itself; the documents are read all the same.
        const program = await renderImported('home', found, factsOf('a', 'server'), 'a')
        expect(planOn(program, reading).changes.map(told)).toEqual([])
      }),
      { numRuns: 150 },
    )
  })
})

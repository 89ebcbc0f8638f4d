import { expect, test } from 'vitest'
import { renderNodeProgram } from '../../src/render/node-program.ts'
import { agent, desiredState, manifest, server } from '../lab/desired-state.ts'

const dropIn = '/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml'
const manifests = '/var/lib/rancher/k3s/server/manifests'

function textOf(program: ReturnType<typeof renderNodeProgram>, path: string): string | undefined {
  return program.files.find((file) => file.path === path)?.text
}

test('a server is told every switch, so that nothing comes back to life', () => {
  const program = renderNodeProgram(desiredState(), server)
  expect(textOf(program, dropIn)).toBe(`# Written by Fairlead from the cluster repository. Edits are undone.

disable: []
disable-cloud-controller: false
disable-helm-controller: false
disable-kube-proxy: false
disable-network-policy: false
flannel-backend: "vxlan"
flannel-external-ip: false
flannel-ipv6-masq: false
`)
})

test('addressing is managed only where it is written, and lists are complete', () => {
  const desired = desiredState({
    addressing: { clusterCIDR: ['10.50.0.0/16', 'fd00:50::/56'], serviceNodePortRange: '30000-31000' },
    components: { traefik: { enabled: false }, servicelb: { enabled: false }, networkPolicy: { enabled: false } },
  })
  expect(
    textOf(renderNodeProgram(desired, server), dropIn),
  ).toBe(`# Written by Fairlead from the cluster repository. Edits are undone.

cluster-cidr:
  - "10.50.0.0/16"
  - "fd00:50::/56"
disable:
  - "servicelb"
  - "traefik"
disable-cloud-controller: false
disable-helm-controller: false
disable-kube-proxy: false
disable-network-policy: true
flannel-backend: "vxlan"
flannel-external-ip: false
flannel-ipv6-masq: false
service-node-port-range: "30000-31000"
`)
})

test('an agent gets no server-only key: it would refuse to start', () => {
  const desired = desiredState({ cni: { flannel: { interface: 'eth1', directRouting: true } } })
  expect(
    textOf(renderNodeProgram(desired, agent), dropIn),
  ).toBe(`# Written by Fairlead from the cluster repository. Edits are undone.

flannel-conf: "/etc/rancher/k3s/fairlead/flannel.json"
flannel-iface: "eth1"
`)
})

test('an agent with nothing to be told has no drop-in, and manifests are for servers', () => {
  const desired = desiredState({ components: { coredns: { custom: { 'lan.server': 'lan:53 {}\n' } } } })
  expect(renderNodeProgram(desired, agent).files).toEqual([])
})

test('direct routing is a flannel-conf with the ranges of the cluster', () => {
  const desired = desiredState({
    addressing: { clusterCIDR: ['10.50.0.0/16', 'fd00:50::/56'] },
    cni: { flannel: { directRouting: true } },
  })
  expect(textOf(renderNodeProgram(desired, server), '/etc/rancher/k3s/fairlead/flannel.json')).toBe(`{
  "Network": "10.50.0.0/16",
  "EnableIPv4": true,
  "EnableIPv6": true,
  "IPv6Network": "fd00:50::/56",
  "Backend": {
    "Type": "vxlan",
    "DirectRouting": true
  }
}
`)
})

test('an IPv6-only cluster gets the IPv4 range that K3s itself writes there', () => {
  const desired = desiredState({
    addressing: { clusterCIDR: ['fd00:50::/56'] },
    cni: { flannel: { directRouting: true } },
  })
  const conf: unknown = JSON.parse(
    textOf(renderNodeProgram(desired, server), '/etc/rancher/k3s/fairlead/flannel.json') ?? '',
  )
  expect(conf).toMatchObject({ Network: '0.0.0.0/0', EnableIPv4: false, EnableIPv6: true })
})

test('Traefik values become a HelmChartConfig with the pool label of its Service', () => {
  const desired = desiredState({
    components: { traefik: { values: { ports: { web: { exposedPort: 80 } }, service: { labels: { team: 'net' } } } } },
    loadBalancer: {
      pools: [{ name: 'edge', nodes: { names: ['pi-1'] }, services: [{ namespace: 'kube-system', name: 'traefik' }] }],
    },
  })
  expect(
    textOf(renderNodeProgram(desired, server), `${manifests}/fairlead-traefik.yaml`),
  ).toBe(`apiVersion: "helm.cattle.io/v1"
kind: "HelmChartConfig"
metadata:
  name: "traefik"
  namespace: "kube-system"
spec:
  failurePolicy: "abort"
  valuesContent: |
    ports:
      web:
        exposedPort: 80
    service:
      annotations:
        fairlead.dev/lbpool-digest: "a1cb100f57e971ca"
      labels:
        svccontroller.k3s.cattle.io/lbpool: "edge"
        team: "net"
`)
})

test('a disabled Traefik has no HelmChartConfig, and a Traefik without values none either', () => {
  const disabled = desiredState({ components: { traefik: { enabled: false, values: { a: 1 } } } })
  for (const desired of [disabled, desiredState()]) {
    expect(textOf(renderNodeProgram(desired, server), `${manifests}/fairlead-traefik.yaml`)).toBeUndefined()
  }
})

test('what K3s does not read stays in the repository', () => {
  const files = ['lan.yaml', 'README.md', 'lan.yaml.bak', 'lan.yaml.skip', 'sub/x.JSON', 'notes.txt', 'y.skip']
  const desired = desiredState(
    {},
    files.map((name) => manifest(name, 'kind: X\n')),
  )
  const written = renderNodeProgram(desired, server).files.flatMap(({ path }) =>
    path.startsWith(manifests) ? [path] : [],
  )
  expect(written).toEqual(['lan.yaml', 'lan.yaml.skip', 'sub/x.JSON'].map((name) => `${manifests}/${name}`))
})

test('CoreDNS zones, chart overrides and manifests are one file each', () => {
  const desired = desiredState(
    {
      components: { coredns: { custom: { 'lan.server': 'lan:53 {\n    forward . 192.168.1.1\n}\n' } } },
      helmChartConfigs: [{ name: 'cert.manager', values: { replicas: 2 }, failurePolicy: 'abort' }],
    },
    [manifest('sub/lan.yaml', 'kind: X\n')],
  )
  const program = renderNodeProgram(desired, server)
  expect(program.files.map((file) => file.path)).toEqual([
    dropIn,
    `${manifests}/fairlead-chart-cert-manager.yaml`,
    `${manifests}/fairlead-coredns-custom.yaml`,
    `${manifests}/sub/lan.yaml`,
  ])
  expect(textOf(program, `${manifests}/sub/lan.yaml`)).toBe('kind: X\n')
  expect(textOf(program, `${manifests}/fairlead-coredns-custom.yaml`)).toBe(`apiVersion: "v1"
data:
  lan.server: |
    lan:53 {
        forward . 192.168.1.1
    }
kind: "ConfigMap"
metadata:
  name: "coredns-custom"
  namespace: "kube-system"
`)
})

test('the order of keys in the repository does not show in the bytes', () => {
  const one = desiredState({ components: { traefik: { values: { a: 1, b: { c: 2, d: 3 } } } } })
  const two = desiredState({ components: { traefik: { values: { b: { d: 3, c: 2 }, a: 1 } } } })
  expect(renderNodeProgram(one, server)).toEqual(renderNodeProgram(two, server))
})

test('the packaged files follow the ranges: DNS is the tenth address of every Service range', () => {
  const desired = desiredState({ addressing: { serviceCIDR: ['10.60.0.0/16', 'fd00:60::/112'] } })
  expect(renderNodeProgram(desired, server).packaged).toEqual({
    disabled: [],
    clusterDNS: ['10.60.0.10', 'fd00:60::a'],
    clusterDomain: 'cluster.local',
  })
})

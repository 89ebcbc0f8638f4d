import { describe, expect, test } from 'vitest'
import type { HostReading } from '../../src/domain/host.ts'
import { lintMachine } from '../../src/reconcile/lint-machine.ts'
import { hostReading, startedAtMs } from '../lab/machine-reading.ts'
import { goodMachines } from './realistic/machines.ts'

describe('a machine that is as it should be', () => {
  test.each(Object.entries(goodMachines))('%s', (_, reading) => {
    const { problems, skipped } = lintMachine({ reading }, undefined)
    expect(
      problems.map(({ severity, code, place, what }) => `${place.file}:${place.line} ${severity} ${code} ${what}`),
    ).toEqual([])
    expect(skipped).toBe(0)
  })
})

const config = '/etc/rancher/k3s/config.yaml'
const manifests = '/var/lib/rancher/k3s/server/manifests'
const configMap = (name: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: default }\n`

interface MachineSlip {
  readonly name: string
  readonly on: string
  /** Files that come or take the place of others. */
  readonly files?: Parameters<typeof hostReading>[0]
  readonly rest?: (reading: HostReading) => Partial<HostReading>
  readonly code: string
  /** File and line, or the name of the machine. */
  readonly at: string
}

const single = 'a single server without configuration'
const slips: readonly MachineSlip[] = [
  {
    name: 'an option of servers on an agent',
    on: 'an agent with its environment file',
    files: { [config]: 'node-ip: 192.168.1.12\ntls-san: [api.example.com]\n' },
    code: 'CFG_SERVER_KEY_ON_AGENT',
    at: `${config}:2`,
  },
  {
    name: 'a key with a typo',
    on: single,
    files: { [config]: 'node-ip: 192.168.1.11\ndisable-netpol: true\n' },
    code: 'CFG_UNKNOWN_KEY_SERVER',
    at: `${config}:2`,
  },
  {
    name: 'one key twice',
    on: single,
    files: { [config]: 'tls-san: [a.example]\nnode-ip: 192.168.1.11\ntls-san: [b.example]\n' },
    code: 'CFG_DUPLICATE_KEY',
    at: `${config}:3`,
  },
  {
    name: 'a space inside a list with commas',
    on: single,
    files: { [config]: 'tls-san: a.example, b.example\n' },
    code: 'CFG_COMMA_SPACE',
    at: `${config}:1`,
  },
  {
    name: 'a mode that begins with 0 and stands for another number',
    on: single,
    files: { [config]: 'https-listen-port: 06443\n' },
    code: 'CFG_OCTAL',
    at: `${config}:1`,
  },
  {
    name: 'a drop-in with an ending that K3s does not read',
    on: single,
    files: {
      [config]: 'node-ip: 192.168.1.11\n',
      '/etc/rancher/k3s/config.yaml.d/20-tls.conf': 'tls-san: [a.example]\n',
    },
    code: 'CFG_DROPIN_IGNORED_NAME',
    at: '/etc/rancher/k3s/config.yaml.d/20-tls.conf:1',
  },
  {
    name: "a file after Fairlead's that sets one of its keys",
    on: 'a server that Fairlead keeps',
    files: { '/etc/rancher/k3s/config.yaml.d/99-late.yaml': 'flannel-backend: host-gw\n' },
    code: 'CFG_LATER_DROPIN_OVERRIDES',
    at: '/etc/rancher/k3s/config.yaml.d/99-late.yaml:1',
  },
  {
    name: 'flags that came after the start',
    on: single,
    files: { [config]: { text: 'node-ip: 192.168.1.11\n', modifiedAtMs: startedAtMs + 600_000 } },
    code: 'MACHINE_RESTART_DUE',
    at: `${config}:1`,
  },
  {
    name: 'an edit in a file of K3s',
    on: single,
    files: { [`${manifests}/traefik.yaml`]: { text: 'apiVersion: v1\n', modifiedAtMs: startedAtMs + 600_000 } },
    code: 'MACHINE_PACKAGED_EDITED',
    at: `${manifests}/traefik.yaml:1`,
  },
  {
    name: 'two manifests with one AddOn name',
    on: single,
    files: { [`${manifests}/app.yaml`]: configMap('a'), [`${manifests}/app.yml`]: configMap('b') },
    code: 'ADDON_NAME_CLASH',
    at: `${manifests}/app.yml:1`,
  },
  {
    name: 'another program on the port of the kubelet',
    on: single,
    rest: ({ network }) => ({
      network: {
        interfaces: network?.interfaces ?? [],
        defaultRoutes: network?.defaultRoutes ?? [],
        listeners: [{ protocol: 'tcp', address: '0.0.0.0', port: 10250, program: 'kubelet' }],
      },
    }),
    code: 'MACHINE_PORT_TAKEN',
    at: 'pi-1:1',
  },
  {
    name: 'the network policy controller turned off and its rules left',
    on: single,
    files: { [config]: 'disable-network-policy: true\n' },
    code: 'HOST_NPC_LEFTOVERS',
    at: 'pi-1:1',
  },
  {
    name: 'Kubernetes rules in both backends',
    on: single,
    rest: ({ firewall }) => ({ firewall: { ...firewall, kubernetesRules: { nft: 60, legacy: 12 } } }),
    code: 'HOST_BOTH_BACKENDS',
    at: 'pi-1:1',
  },
  {
    name: 'an interface that is not there',
    on: 'an agent with its environment file',
    files: { [config]: 'node-ip: 192.168.1.12\nflannel-iface: eth1\n' },
    code: 'NODE_FLANNEL_IFACE_EXISTS',
    at: `${config}:2`,
  },
  {
    name: 'the address of the other interface',
    on: 'an agent with its environment file',
    files: { [config]: 'node-ip: 192.168.2.12\nflannel-iface: eth0\n' },
    code: 'NODE_IFACE_IP_MISMATCH',
    at: `${config}:1`,
  },
  {
    name: 'two networks and nobody says which',
    on: 'an agent with its environment file',
    files: { [config]: 'node-label: [site=north]\n' },
    code: 'HOST_INTERFACES_AMBIGUOUS',
    at: 'pi-2:1',
  },
  {
    name: 'the tunnel of a former backend',
    on: 'a machine with Alpine',
    rest: ({ network }) => ({
      network: {
        defaultRoutes: network?.defaultRoutes ?? [],
        interfaces: [
          ...(network?.interfaces ?? []),
          { name: 'flannel.1', isUp: true, mtuBytes: 1450, type: 'vxlan', addresses: ['10.42.0.0/32'] },
        ],
      },
    }),
    code: 'HOST_LEFTOVER_INTERFACES',
    at: 'pi-1:1',
  },
  {
    name: 'an override of Traefik in the wrong namespace',
    on: single,
    files: {
      [`${manifests}/traefik-config.yaml`]:
        'apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata:\n  name: traefik\n  namespace: default\nspec:\n  failurePolicy: abort\n  valuesContent: ""\n',
      [`${manifests}/traefik.yaml`]:
        'apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata:\n  name: traefik\n  namespace: kube-system\nspec:\n  chart: "https://%{KUBERNETES_API}%/static/charts/traefik-34.2.1+up34.2.0.tgz"\n',
    },
    code: 'PKG_HCC_IDENTITY',
    at: `${manifests}/traefik-config.yaml:5`,
  },
]

describe('a single slip on a machine is found where it was made', () => {
  test.each(slips)('$name', ({ on, files = {}, rest, code, at }) => {
    const good = goodMachines[on]
    if (good === undefined) throw new Error(`no machine ${on}`)
    const other = hostReading(files)
    const reading: HostReading = { ...good, files: new Map([...good.files, ...other.files]), ...rest?.(good) }
    const { problems } = lintMachine({ reading }, undefined)
    expect([...new Set(problems.map((problem) => problem.code))]).toEqual([code])
    expect(problems.map(({ place }) => `${place.file}:${place.line}`)).toContain(at)
  })
})

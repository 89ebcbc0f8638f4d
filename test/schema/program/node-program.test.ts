import { describe, expect, test } from 'vitest'
import type { NodeProgram } from '../../../src/domain/program.ts'
import { parseNodeProgram, programDigest } from '../../../src/schema/program/node-program.ts'

const bare: Omit<NodeProgram, 'digest'> = {
  apiVersion: 'fairlead.dev/v1alpha1',
  kind: 'NodeProgram',
  cluster: 'home',
  node: 'pi-1',
  role: 'server',
  k3sVersion: 'v1.33.4+k3s1',
  files: [
    {
      kind: 'file',
      id: 'file:/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml' as never,
      location: 'k3s-config',
      path: '/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml',
      text: 'flannel-backend: vxlan\n',
      origin: 'spec',
    },
  ],
  packaged: { disabled: [], clusterDNS: ['10.43.0.10'], clusterDomain: 'cluster.local' },
  drift: { packagedFiles: 'Restore', drops: 'Allow' },
  network: {
    plane: 'iptables',
    routes: [
      {
        kind: 'route',
        id: 'route:4/254/10.60.0.0/16/0' as never,
        family: 4,
        table: 254,
        to: '10.60.0.0/16',
        metric: 0,
        type: 'unicast',
        nextHops: [{ via: '192.168.1.2', dev: 'eth0' }],
        onConflict: 'Refuse',
        origin: 'spec.routes[0]',
      },
    ],
    routingRules: [],
    sysctls: [],
    cleanups: [],
    probes: [],
    failsafe: { flows: [] },
    confirmTimeoutMs: 60_000,
    filter: {
      v4: {
        sets: [],
        chains: [
          {
            name: 'FAIRLEAD-INPUT',
            table: 'mangle',
            entry: { hook: 'INPUT', before: [], after: [] },
            rules: [
              {
                id: 'abcdefghijkl',
                match: { source: { kind: 'network', cidr: '10.0.0.0/8', negated: false }, protocol: 'tcp' },
                action: { kind: 'drop' },
                origin: {
                  kind: 'document',
                  file: 'clusters/home/nodes/a.yaml',
                  path: 'spec.firewall.input[0]',
                  name: 'x',
                },
              },
            ],
          },
        ],
      },
      v6: { sets: [], chains: [] },
    },
  },
}

const printed = (program: Omit<NodeProgram, 'digest'>): string =>
  JSON.stringify({ ...program, digest: programDigest(program) })

/** The program with one text in its JSON replaced, and a digest that fits. */
function changed(from: string, to: string): string {
  const text = JSON.stringify(bare).replace(from, to)
  return printed(JSON.parse(text) as Omit<NodeProgram, 'digest'>)
}

describe('a NodeProgram that reaches an agent', () => {
  test('comes out as it went in', () => {
    const parsed = parseNodeProgram(printed(bare))
    expect(parsed).toMatchObject({ ok: true, value: { node: 'pi-1', network: { plane: 'iptables' } } })
  })

  test.each([
    [
      'a file outside of the allowed places',
      '/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml',
      '/etc/shadow',
      'files.0',
    ],
    ['a field that nobody knows', '"plane":', '"command":"rm","plane":', 'network'],
    ['a chain of somebody else', 'FAIRLEAD-INPUT', 'KUBE-SERVICES', 'chains.0.name'],
    ['a chain name that scripts of others delete', 'FAIRLEAD-INPUT', 'FAIRLEAD-KUBE-X', 'chains.0.name'],
    ['a line end in a name of an interface', '"dev":"eth0"', '"dev":"eth0\\n-P"', 'nextHops.0.dev'],
    ['a network with host bits', '10.0.0.0/8', '10.0.0.5/8', 'source.cidr'],
    ['a host name where an address belongs', '192.168.1.2', 'gateway.lan', 'nextHops.0.via'],
    ['an id that is a comment of its own', 'abcdefghijkl', 'abc -j DROP', 'rules.0.id'],
    ['an action that there is not', '"kind":"drop"', '"kind":"queue"', 'rules.0.action'],
    ['a rule text', '"protocol":"tcp"', '"protocol":"tcp","raw":"-j DROP"', 'rules.0.match'],
    ['a confirm timeout of an instant', '60000', '1', 'confirmTimeoutMs'],
    [
      'a set that no program of ours would make',
      '"sets":[]',
      '"sets":[{"name":"FAIRLEAD4-abc","family":4,"members":[]}]',
      'sets.0.name',
    ],
    [
      'a host that ping reads as a flag',
      '"probes":[]',
      '"probes":[{"name":"p","check":{"kind":"ping","host":"-V"},"timeoutMs":1000}]',
      'probes.0.check',
    ],
    [
      'a chain that is there twice',
      '"chains":[',
      '"chains":[{"name":"FAIRLEAD-INPUT","table":"mangle","rules":[]},',
      'v4: has a chain twice',
    ],
  ])('is refused with the place for %s', (_name, from, to, path) => {
    const parsed = parseNodeProgram(changed(from, to))
    expect(parsed.ok).toBe(false)
    if (!parsed.ok) expect(parsed.error.join('\n')).toContain(path)
  })

  test('is refused when a byte of it was changed on the way', () => {
    const parsed = parseNodeProgram(printed(bare).replace('vxlan', 'host-gw'))
    expect(parsed).toEqual({ ok: false, error: ['digest: does not fit the rest of the program'] })
  })

  test('is refused when it is no JSON', () => {
    expect(parseNodeProgram('{').ok).toBe(false)
  })
})

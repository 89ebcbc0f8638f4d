import { describe, expect, test } from 'vitest'
import { chainsOf, container, leftoversOf, planOf, recording, tablesOf } from './sample-leftovers.ts'

const recorded = tablesOf(recording('iptables-save-policy-disabled.txt'))
const kubeProxyOff = leftoversOf({
  tables: recorded,
  k3sArguments: ['server', '--disable-kube-proxy=true'],
  programs: ['cilium-agent'],
})

describe('kube-proxy that was replaced', () => {
  test("goes by a list of names: the kubelet's chains stay", () => {
    const gone = chainsOf(planOf('kube-proxy', kubeProxyOff, { servicesAnswer: true })).flatMap(({ chains }) => chains)
    expect(gone).toContain('KUBE-SERVICES')
    expect(gone).toContain('KUBE-SVC-NPX46M4PTMTKRN6Y')
    expect(gone.filter((name) => /FIREWALL|KUBELET|HINT|MARK|POSTROUTING|ROUTER|NWPLCY/.test(name))).toEqual([])
  })

  test('takes the chains along that its kubelet no longer has, where the kubelet leaves a hint', () => {
    const hint = tablesOf('*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n')
    const gone = chainsOf(
      planOf('kube-proxy', { ...kubeProxyOff, tables: [...recorded, ...hint] }, { servicesAnswer: true }),
    )
    expect(gone.flatMap(({ chains }) => chains)).toEqual(expect.arrayContaining(['KUBE-POSTROUTING', 'KUBE-MARK-MASQ']))
  })

  test.each([
    ['the replacement does not answer', kubeProxyOff, false],
    ['nobody asked whether it answers', kubeProxyOff, undefined],
    ['no replacement runs', { ...kubeProxyOff, programs: [] }, true],
    ['kube-proxy runs by itself', { ...kubeProxyOff, programs: ['cilium-agent', 'kube-proxy'] }, true],
  ] as const)('stays while %s', (_, leftovers, servicesAnswer) => {
    const given = servicesAnswer === undefined ? {} : { servicesAnswer }
    expect(planOf('kube-proxy', leftovers, given).removals).toEqual([])
  })
})

const dnat = (chain: string, id: string): string =>
  `-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"cbr0\\" id: \\"${id}\\"" -m multiport --dports 80 -j ${chain}\n`
const hostPorts = tablesOf(
  `*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:CNI-DN-aaa1 - [0:0]\n:CNI-DN-bbb2 - [0:0]\n:CNI-DN-ccc3 - [0:0]\n:CNI-HOSTPORT-DNAT - [0:0]\n-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT\n-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT\n${dnat('CNI-DN-aaa1', container('a'))}${dnat('CNI-DN-bbb2', container('b'))}COMMIT\n`,
)

describe('hostPorts after ServiceLB was disabled', () => {
  test('only those whose container the runtime does not know go; one without an entry is told of', () => {
    const plan = planOf('servicelb', leftoversOf({ tables: hostPorts, containers: new Set([container('b')]) }))
    expect(chainsOf(plan)).toMatchObject([
      {
        table: 'nat',
        chains: ['CNI-DN-aaa1'],
        rules: [
          [
            'CNI-HOSTPORT-DNAT',
            '-p',
            'tcp',
            '-m',
            'comment',
            '--comment',
            `dnat name: "cbr0" id: "${container('a')}"`,
            '-m',
            'multiport',
            '--dports',
            '80',
            '-j',
            'CNI-DN-aaa1',
          ],
        ],
      },
    ])
    expect(plan.kept.map(({ what }) => what)).toEqual(['hostPorts at CNI-DN-ccc3 (nft, v4)'])
  })

  test('all stay when the runtime cannot be asked', () => {
    expect(planOf('servicelb', leftoversOf({ tables: hostPorts })).removals).toEqual([])
  })
})

test('rules of local addresses are put back before those of Cilium go', () => {
  const routingRules = [
    { family: 'v4', priority: 100, table: 255 },
    { family: 'v4', priority: 9, table: 2004, fwmark: { value: 0x200, mask: 0xf00 } },
    { family: 'v4', priority: 32_766, table: 254 },
  ] as const
  const { removals } = planOf('cilium', leftoversOf({ routingRules }))
  expect(removals.map((removal) => [removal.kind, 'rule' in removal ? removal.rule.priority : undefined])).toEqual([
    ['add-routing-rule', 0],
    ['routing-rule', 100],
    ['routing-rule', 9],
  ])
})

test('an agent that crashed is not gone: without another pod network its leftovers stay', () => {
  const tables = tablesOf('*filter\n:cali-INPUT - [0:0]\nCOMMIT\n')
  const off = { tables, k3sArguments: ['server', '--flannel-backend=none'] }
  expect(planOf('calico', leftoversOf(off)).kept[0]?.reason).toMatch(/^unknown/)
  expect(planOf('calico', leftoversOf({ ...off, programs: ['cilium-agent'] })).removals).toHaveLength(1)
  expect(planOf('calico', leftoversOf({ tables })).removals).toHaveLength(1)
  expect(planOf('calico', leftoversOf({ tables, programs: ['calico-node'] })).kept[0]?.reason).toMatch(/^still-active/)
})

test('Calico goes table by table, with rules of its own in chains of others, and its blackhole routes', () => {
  const table = (name: string): string =>
    `*${name}\n:FORWARD ACCEPT [0:0]\n:cali-FORWARD - [0:0]\n-A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD\n-A FORWARD -m comment --comment "cali:S93hcgKJrXEqnTfs" -m mark --mark 0x10000/0x10000 -j ACCEPT\n-A FORWARD -m comment --comment "not cali:" -j ACCEPT\nCOMMIT\n`
  const base = { family: 'v4', table: 254 } as const
  const leftovers = leftoversOf({
    tables: tablesOf(['nat', 'filter', 'mangle', 'raw'].map(table).join('')),
    sets: [{ name: 'cali40s:abc', type: 'hash:net' }],
    routes: [
      { ...base, to: '10.42.7.64/26', protocol: 12, type: 'blackhole' },
      { ...base, to: '10.42.9.1/32', protocol: 80, type: 'unicast', device: 'cali1' },
      { ...base, to: '192.168.7.0/24', protocol: 12, type: 'unicast', via: '10.0.0.1' },
    ],
    links: [
      { name: 'cali1234', kind: 'veth' },
      { name: 'vxlan.calico', kind: 'vxlan' },
    ],
    files: ['/etc/cni/net.d/10-calico.conflist', '/etc/cni/net.d/99-loopback.conf'],
  })
  const plan = planOf('calico', leftovers)
  expect(chainsOf(plan).map(({ table: name, rules }) => [name, rules.length])).toEqual([
    ['raw', 2],
    ['mangle', 2],
    ['filter', 2],
    ['nat', 2],
  ])
  expect(plan.removals.flatMap((one) => (one.kind === 'route' ? [one.route.to] : []))).toEqual([
    '10.42.7.64/26',
    '10.42.9.1/32',
  ])
  expect(plan.removals.flatMap((one) => (one.kind === 'file' ? [one.path] : []))).toEqual([
    '/etc/cni/net.d/10-calico.conflist',
  ])
  expect(plan.removals.flatMap((one) => (one.kind === 'link' ? [one.name] : []))).toEqual(['vxlan.calico'])
  expect(plan.kept).toMatchObject([{ what: 'device cali1234' }])
})

import { describe, expect, test } from 'vitest'
import { directory, load, network, nodeHeader } from './repository-builder.ts'

function problemsIn(firewall: string) {
  const { problems } = load({
    [`${directory}/network.yaml`]: network,
    [`${directory}/nodes/a.yaml`]: `${nodeHeader}spec:\n  nodes: { names: [a] }\n  firewall: ${firewall}\n`,
  })
  return problems.filter(({ severity }) => severity === 'error')
}

const inputRule = (fields: string) => `{ input: [{ name: a, action: Drop, ${fields} }] }`

describe('case 70: what iptables takes and a person does not mean is refused, with its place and a reason', () => {
  const cases: { name: string; firewall: string; code: string; path: string }[] = [
    {
      name: 'a newline in a comment',
      firewall: inputRule('comment: "x\\n-P FORWARD DROP\\n# "'),
      code: 'COMMENT_INVALID',
      path: 'input[0].comment',
    },
    {
      name: 'a NUL in a comment',
      firewall: inputRule('comment: "x\\0y"'),
      code: 'COMMENT_INVALID',
      path: 'input[0].comment',
    },
    {
      name: 'a tab in a comment',
      firewall: inputRule('comment: "x\\ty"'),
      code: 'COMMENT_INVALID',
      path: 'input[0].comment',
    },
    {
      name: 'a carriage return in a comment',
      firewall: inputRule('comment: "x\\ry"'),
      code: 'COMMENT_INVALID',
      path: 'input[0].comment',
    },
    {
      name: 'a 0x01 in a comment',
      firewall: inputRule('comment: "x\\x01"'),
      code: 'COMMENT_INVALID',
      path: 'input[0].comment',
    },
    {
      name: 'a comment above 255 characters',
      firewall: inputRule(`comment: "${'x'.repeat(256)}"`),
      code: 'COMMENT_INVALID',
      path: 'input[0].comment',
    },
    {
      name: 'a newline in a log prefix',
      firewall: inputRule('log: { prefix: "x\\ny" }'),
      code: 'LOG_PREFIX_INVALID',
      path: 'input[0].log.prefix',
    },
    {
      name: 'a quote in a log prefix',
      firewall: inputRule(`log: { prefix: 'x"y' }`),
      code: 'LOG_PREFIX_INVALID',
      path: 'input[0].log.prefix',
    },
    {
      name: 'a log prefix of 30 characters',
      firewall: inputRule(`log: { prefix: "${'x'.repeat(30)}" }`),
      code: 'LOG_PREFIX_INVALID',
      path: 'input[0].log.prefix',
    },
    {
      name: 'a log prefix that cleaning scripts look for',
      firewall: inputRule('log: { prefix: "Flannel: " }'),
      code: 'LOG_PREFIX_INVALID',
      path: 'input[0].log.prefix',
    },
    {
      name: 'an option of the command',
      firewall: inputRule('inInterface: "--modprobe=/tmp/x"'),
      code: 'INTERFACE_INVALID',
      path: 'input[0].inInterface',
    },
    {
      name: 'a host name',
      firewall: inputRule('from: [nas.home.lan]'),
      code: 'ADDRESS_INVALID',
      path: 'input[0].from[0]',
    },
    { name: 'localhost', firewall: inputRule('to: [localhost]'), code: 'ADDRESS_INVALID', path: 'input[0].to[0]' },
    {
      name: 'two addresses in one text',
      firewall: inputRule('from: ["10.0.0.1,10.0.0.2"]'),
      code: 'ADDRESS_INVALID',
      path: 'input[0].from[0]',
    },
    {
      name: 'a mask with dots',
      firewall: inputRule('from: [10.0.0.0/255.0.0.0]'),
      code: 'ADDRESS_INVALID',
      path: 'input[0].from[0]',
    },
    {
      name: 'a zone',
      firewall: inputRule('from: ["fe80::1%eth0"]'),
      code: 'ADDRESS_INVALID',
      path: 'input[0].from[0]',
    },
    {
      name: 'an IPv4 address as IPv6',
      firewall: inputRule('from: ["::ffff:10.0.0.1"]'),
      code: 'ADDRESS_MAPPED',
      path: 'input[0].from[0]',
    },
    { name: 'host bits', firewall: inputRule('from: [10.0.0.5/8]'), code: 'CIDR_HOST_BITS', path: 'input[0].from[0]' },
    {
      name: 'a slash in an interface',
      firewall: inputRule('inInterface: a/b'),
      code: 'INTERFACE_INVALID',
      path: 'input[0].inInterface',
    },
    {
      name: 'a blank in an interface',
      firewall: inputRule('inInterface: "a b"'),
      code: 'INTERFACE_INVALID',
      path: 'input[0].inInterface',
    },
    {
      name: 'an interface of 16 characters',
      firewall: inputRule('inInterface: abcdefghijklmnop'),
      code: 'INTERFACE_INVALID',
      path: 'input[0].inInterface',
    },
    {
      name: 'a prefix of 16 characters with its plus',
      firewall: inputRule('inInterface: abcdefghijklmno+'),
      code: 'INTERFACE_INVALID',
      path: 'input[0].inInterface',
    },
    {
      name: 'a plus alone',
      firewall: inputRule('inInterface: "+"'),
      code: 'INTERFACE_INVALID',
      path: 'input[0].inInterface',
    },
    {
      name: 'a plus inside',
      firewall: inputRule('inInterface: "a+b"'),
      code: 'INTERFACE_INVALID',
      path: 'input[0].inInterface',
    },
    { name: 'another table', firewall: inputRule('table: nat'), code: 'UNKNOWN_FIELD', path: 'input[0]' },
    { name: 'a chain', firewall: inputRule('chain: KUBE-SERVICES'), code: 'UNKNOWN_FIELD', path: 'input[0]' },
    {
      name: 'another target',
      firewall: '{ input: [{ name: a, action: KUBE-MARK-MASQ }] }',
      code: 'UNKNOWN_VALUE',
      path: 'input[0].action',
    },
    { name: 'a rule as text', firewall: '{ input: ["-j ACCEPT"] }', code: 'WRONG_TYPE', path: 'input[0]' },
    {
      name: 'a name with a quote',
      firewall: `{ input: [{ name: 'a"', action: Drop }] }`,
      code: 'NAME_INVALID',
      path: 'input[0].name',
    },
    {
      name: 'a service name for a port',
      firewall: inputRule('protocol: tcp, ports: [ssh]'),
      code: 'PORT_RANGE_INVALID',
      path: 'input[0].ports[0]',
    },
    {
      name: 'port 0',
      firewall: inputRule('protocol: tcp, ports: [0]'),
      code: 'OUT_OF_RANGE',
      path: 'input[0].ports[0]',
    },
    {
      name: 'a protocol by an unknown name',
      firewall: inputRule('protocol: tcpp'),
      code: 'PROTOCOL_INVALID',
      path: 'input[0].protocol',
    },
    {
      name: 'protocol 0, which is every protocol',
      firewall: inputRule('protocol: 0'),
      code: 'OUT_OF_RANGE',
      path: 'input[0].protocol',
    },
    {
      name: 'an ICMP message without a name',
      firewall: inputRule('protocol: icmp, icmpType: echo'),
      code: 'ICMP_TYPE_INVALID',
      path: 'input[0].icmpType',
    },
  ]
  test.each(cases)('$name', ({ firewall, code, path }) => {
    const problems = problemsIn(firewall)
    expect(problems.map((problem) => problem.code)).toEqual([code])
    expect(problems[0]?.what).toContain(`spec.firewall.${path}`)
    for (const text of [problems[0]?.what, problems[0]?.why, problems[0]?.fix]) {
      expect(text).toMatch(/^(Linux|Kubernetes|[a-z])/)
      expect(text).not.toMatch(/\p{Cc}/u)
    }
  })
})

test('what people need on K3s is accepted', () => {
  const firewall = `
    plane: nft
    backend: legacy
    management: { from: [10.9.0.0/24, "fd00:9::/64"], sshPorts: [22, 2222] }
    input:
      - { name: ping, protocol: icmp, icmpType: echo-request, limit: { rate: 10/second, perSource: true }, action: Accept }
      - { name: unreachable, protocol: icmp, icmpType: "3/4", action: Accept }
      - { name: ipsec, protocol: esp, from: [203.0.113.1], action: Accept }
      - { name: ospf, protocol: 89, inInterface: wg+, action: Accept }
      - { name: everybody, from: [0.0.0.0/0], protocol: tcp, ports: [80], action: Drop }
      - { name: anybody, from: ["::/0"], action: Accept }
      - { name: states, states: [Invalid], comment: "KUBE- flannel 'quoted' 🚢", action: Drop }
      - { name: rest, log: { prefix: "dropped: ", level: notice }, action: Drop }
    services:
      - { name: lan, notFrom: [192.168.0.0/16], protocol: tcp, ports: ["30000-32767"], action: Drop }
    forward:
      - { name: out, inInterface: cni0, outInterface: eth1, notTo: [10.0.0.0/8], action: Reject }
    clampMSS: [{ name: vpn, outInterface: wg0 }, { name: pppoe, outInterface: ppp+, mss: 1412 }]
    dscp: [{ name: voice, protocol: udp, ports: ["10000-20000"], class: EF }]
    marks: [{ name: uplink, from: [10.42.7.0/24], value: 0x10 }]
    notrack: [{ name: vxlan, protocol: udp, ports: [8472] }]`
  expect(problemsIn(firewall)).toEqual([])
})

import { describe, expect, test } from 'vitest'
import { directory, load, network, nodeHeader } from './repository-builder.ts'

function problemsIn(firewall: string) {
  const { problems } = load({
    [`${directory}/network.yaml`]: network,
    [`${directory}/nodes/a.yaml`]: `${nodeHeader}spec:\n  nodes: { names: [a] }\n  firewall: ${firewall}\n`,
  })
  return problems.filter(({ severity }) => severity === 'error')
}

const codesIn = (firewall: string) => problemsIn(firewall).map(({ code }) => code)
const inputRule = (fields: string) => `{ input: [{ name: a, action: Drop, ${fields} }] }`
const ssh = 'protocol: tcp, ports: [22]'

describe('rules whose parts do not go together', () => {
  const cases: { name: string; firewall: string; code: string }[] = [
    {
      name: 'Reject before translation',
      firewall: '{ services: [{ name: a, action: Reject }] }',
      code: 'REJECT_BEFORE_TRANSLATION',
    },
    {
      name: 'an outgoing interface in input',
      firewall: inputRule('outInterface: eth0'),
      code: 'OUT_INTERFACE_MISPLACED',
    },
    {
      name: 'an outgoing interface in services',
      firewall: '{ services: [{ name: a, action: Drop, notOutInterface: eth0 }] }',
      code: 'OUT_INTERFACE_MISPLACED',
    },
    {
      name: 'ports of another protocol',
      firewall: inputRule('protocol: icmp, ports: [1]'),
      code: 'PORTS_WITHOUT_PROTOCOL',
    },
    {
      name: 'source ports without a protocol',
      firewall: inputRule('sourcePorts: [1]'),
      code: 'PORTS_WITHOUT_PROTOCOL',
    },
    { name: 'ports and notPorts', firewall: inputRule(`${ssh}, notPorts: [1]`), code: 'ONLY_ONE' },
    { name: 'to and notTo', firewall: inputRule('to: [10.0.0.1], notTo: [10.0.0.2]'), code: 'ONLY_ONE' },
    {
      name: 'an ICMP message of the other protocol',
      firewall: inputRule('protocol: icmp, icmpType: packet-too-big'),
      code: 'ICMP_TYPE_WITHOUT_PROTOCOL',
    },
    {
      name: 'an ICMP message without protocol',
      firewall: inputRule('icmpType: 8'),
      code: 'ICMP_TYPE_WITHOUT_PROTOCOL',
    },
    {
      name: 'addresses of two families',
      firewall: inputRule('from: [10.0.0.1], to: ["fd00::1"]'),
      code: 'FAMILIES_EXCLUDE',
    },
    { name: 'icmp over IPv6', firewall: inputRule('protocol: icmp, families: [IPv6]'), code: 'FAMILIES_EXCLUDE' },
    { name: 'a deny of everybody by a range', firewall: inputRule('from: [0.0.0.0/0]'), code: 'DENY_EVERYBODY' },
    { name: 'a rule for nobody', firewall: inputRule('notFrom: ["::/0"]'), code: 'RULE_FOR_NOBODY' },
    {
      name: 'a mark outside its mask',
      firewall: inputRule('mark: { value: 0x100, mask: 0xf0 }'),
      code: 'MARK_OUTSIDE_MASK',
    },
    { name: 'a mask of nothing', firewall: '{ marks: [{ name: a, value: 0, mask: 0 }] }', code: 'MARK_OUTSIDE_MASK' },
    {
      name: 'a mark outside our own mask',
      firewall: '{ marks: [{ name: a, value: 0x100 }] }',
      code: 'MARK_OUTSIDE_MASK',
    },
    { name: 'a rate without a unit', firewall: inputRule('limit: { rate: "10" }'), code: 'RATE_INVALID' },
    {
      name: 'a rate above what the kernel counts',
      firewall: inputRule('limit: { rate: 20000/second }'),
      code: 'RATE_INVALID',
    },
    {
      name: 'a burst that takes days',
      firewall: inputRule('limit: { rate: 1/day, burst: 5 }'),
      code: 'BURST_TOO_LARGE',
    },
    { name: 'limit and log in one rule', firewall: inputRule('limit: { rate: 1/day }, log: {}'), code: 'ONLY_ONE' },
    {
      name: 'a limit over 16 ports',
      firewall: inputRule(
        `protocol: tcp, ports: [${Array.from({ length: 16 }, (_, index) => 2 * index + 1).join()}], limit: { rate: 1/day }`,
      ),
      code: 'LIMITED_PORTS',
    },
    {
      name: 'TCP without tracking',
      firewall: '{ notrack: [{ name: a, protocol: tcp }] }',
      code: 'NOTRACK_WITHOUT_PORTS',
    },
    { name: 'a code point twice', firewall: '{ dscp: [{ name: a, class: EF, value: 46 }] }', code: 'EXACTLY_ONE' },
    {
      name: 'a segment size below what IPv4 has',
      firewall: '{ clampMSS: [{ name: a, mss: 100 }] }',
      code: 'OUT_OF_RANGE',
    },
    {
      name: 'a segment size in words',
      firewall: '{ clampMSS: [{ name: a, mss: small }] }',
      code: 'SEGMENT_SIZE_INVALID',
    },
  ]
  test.each(cases)('$name: $code', ({ firewall, code }) => expect(codesIn(firewall)).toEqual([code]))
})

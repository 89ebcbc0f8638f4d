import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FamilyFilter, FilterChain } from '../../../src/domain/packet-filter.ts'
import { firewallContext } from '../../../src/render/firewall/firewall-context.ts'
import { inboundTraffic, passingTraffic } from '../../../src/render/firewall/protected-traffic.ts'
import type { NodeNetwork } from '../../../src/schema/documents.ts'
import { anyInputRule, anyPacket4, anyPacket6, anyServicesRule } from './arbitrary-firewall.ts'
import { agent, cluster, compiled, type Json, nodeNetwork, server } from './documents.ts'
import { isMeant, type TestPacket, verdictOf } from './evaluate.ts'

const management = { from: ['10.9.0.0/24'] }
const context = firewallContext(cluster([{ firewall: { management } }]), server, [server, agent])

type List = 'input' | 'services' | 'forward'

function chain({ chains }: FamilyFilter, table: string, name: string): readonly FilterChain[] {
  return chains.filter((one) => one.table === table && one.name === name)
}

const chainsOf: Readonly<Record<List, (filter: FamilyFilter) => readonly FilterChain[]>> = {
  input: (filter) => [...chain(filter, 'mangle', 'FAIRLEAD-INPUT'), ...chain(filter, 'filter', 'FAIRLEAD-INPUT')],
  services: (filter) => chain(filter, 'mangle', 'FAIRLEAD-SERVICES'),
  forward: (filter) => [...chain(filter, 'mangle', 'FAIRLEAD-FORWARD'), ...chain(filter, 'filter', 'FAIRLEAD-FORWARD')],
}

const protectedFor = {
  input: inboundTraffic(context),
  services: inboundTraffic(context),
  forward: passingTraffic(context),
}

function isProtected(list: List, packet: TestPacket): boolean {
  return (
    packet.inInterface === 'lo' ||
    packet.state === 'ESTABLISHED' ||
    packet.state === 'RELATED' ||
    protectedFor[list].some(
      ({ families, ...one }) => families.includes(packet.source.includes(':') ? 6 : 4) && isMeant(one, packet),
    )
  )
}

/** What the list says, read from the top, without any table in mind. */
function wanted(list: List, rules: NodeNetwork['spec']['firewall']['input'], packet: TestPacket): readonly string[] {
  if (isProtected(list, packet)) return ['pass', 'accept']
  const first = rules.find((rule) => isMeant(rule, packet))
  const verdict = first?.action.toLowerCase() ?? 'pass'
  // Before translation nothing is accepted for good: it goes on.
  return [list === 'services' && verdict === 'accept' ? 'pass' : verdict]
}

function checkFirstMatch(list: List, written: readonly Json[], packets: readonly TestPacket[]): void {
  const firewall = { management, [list]: written }
  const rules = nodeNetwork({ firewall }).spec.firewall[list]
  const filters = { 4: compiled(firewall, 4), 6: compiled(firewall, 6) }
  for (const packet of packets) {
    const filter = filters[packet.source.includes(':') ? 6 : 4]
    const found = verdictOf(filter, chainsOf[list](filter), packet)
    if (!wanted(list, rules, packet).includes(found)) expect({ packet, found }).toBe(wanted(list, rules, packet))
  }
}

describe('two chains decide what the list decides: the first rule that matches', () => {
  const packets = fc.oneof({ weight: 2, arbitrary: anyPacket4 }, anyPacket6)
  const cases = [
    { list: 'input', rule: anyInputRule },
    { list: 'services', rule: anyServicesRule },
    { list: 'forward', rule: anyInputRule },
  ] as const
  test.each(cases)('$list', ({ list, rule }) => {
    const rules = fc.array(rule, { minLength: 1, maxLength: 6 })
    const many = fc.array(packets, { minLength: 10, maxLength: 30 })
    fc.assert(
      fc.property(rules, many, (some, asked) => checkFirstMatch(list, some, asked)),
      { numRuns: 150 },
    )
  })
})

test('the law above sees packets of every verdict', () => {
  const rules = [
    { name: 'yes', from: ['10.200.0.0/16'], action: 'Accept' },
    { name: 'answered', from: ['192.168.1.9'], action: 'Reject' },
    { name: 'rest', action: 'Drop' },
  ]
  const packet: TestPacket = {
    source: '10.200.0.1',
    destination: '192.168.1.5',
    inInterface: 'eth0',
    protocol: 'tcp',
    sourcePort: 40_000,
    port: 80,
    icmpType: 0,
    state: 'NEW',
    mark: 0,
  }
  const filter = compiled({ management, input: rules })
  const verdict = (source: string, port = 80) => verdictOf(filter, chainsOf.input(filter), { ...packet, source, port })
  expect(verdict('10.200.0.1')).toBe('accept')
  expect(verdict('192.168.1.9')).toBe('reject')
  expect(verdict('203.0.113.7')).toBe('drop')
  expect(verdict('203.0.113.7', 22)).toBe('drop')
  expect(verdict('10.9.0.7', 22)).toBe('accept')
})

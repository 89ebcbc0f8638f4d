import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAddress } from '../../../src/domain/cidr.ts'
import type { FailsafeFlow } from '../../../src/domain/network-program.ts'
import type { FilterProgram, PacketMatch } from '../../../src/domain/packet-filter.ts'
import { guardProgram } from '../../../src/plan/packet-path/guard-program.ts'
import { prepareRouting } from '../../../src/plan/packet-path/node-routing.ts'
import { compileRuleset } from '../../../src/plan/packet-path/ruleset.ts'
import { simulatePacket } from '../../../src/plan/packet-path/simulate-packet.ts'
import { accept, chainOf, drop, familyOf, network, ports, type RuleDraft, setMatch } from '../../lab/filter-programs.ts'
import { link, noTables, route } from './recorded-node.ts'

const flow: FailsafeFlow = {
  name: 'ssh',
  direction: 'input',
  family: 4,
  protocol: 'tcp',
  peers: ['10.0.0.0/27'],
  port: 22,
}
const node = {
  links: [link('eth0', ['192.168.1.5/24']), link('eth1', ['192.168.2.5/24'])],
  rules: [],
  routes: [route('0.0.0.0/0', { dev: 'eth0' })],
}
/** Edges of everything below, and one beside each. */
const sourcePorts = [1024, 1999, 2000, 2001, 3000, 3001, 65_535]

const cidr = fc
  .tuple(fc.nat(31), fc.integer({ min: 27, max: 32 }))
  .map(([low, bits]) => `10.0.0.${low & ~(2 ** (32 - bits) - 1)}/${bits}`)

const match: fc.Arbitrary<PacketMatch> = fc.record(
  {
    source: fc.oneof(
      fc.tuple(cidr, fc.boolean()).map(([one, negated]) => network(one, negated)),
      fc.boolean().map((negated) => setMatch('FAIRLEAD4-A', negated)),
    ),
    destination: fc.boolean().map((negated) => network('192.168.1.5/32', negated)),
    inInterface: fc.boolean().map((negated) => ({ name: 'eth1', isPrefix: false, negated })),
    sourcePorts: fc.constantFrom(ports(2000), ports([[2000, 3000]]), ports(2000, true)),
    states: fc.constantFrom(['NEW'] as const, ['ESTABLISHED'] as const),
  },
  { requiredKeys: [] },
)
const draft = fc
  .tuple(match, fc.constantFrom(accept, drop, { kind: 'return' } as const))
  .map(([one, action]): RuleDraft => ({ match: { protocol: 'tcp', ...one }, action }))

test('the guard refuses a program exactly when some packet of the flow is dropped', () => {
  const outcomes = new Set<boolean>()
  const law = fc.property(
    fc.array(draft, { minLength: 1, maxLength: 5 }),
    fc.uniqueArray(cidr, { maxLength: 3 }),
    (rules, members) => {
      const program: FilterProgram = {
        v4: familyOf(
          [chainOf('FAIRLEAD-INPUT', 'mangle', rules, { hook: 'INPUT' })],
          [{ name: 'FAIRLEAD4-A', family: 4, members }],
        ),
        v6: familyOf([]),
      }
      const guarded = guardProgram({
        program,
        failsafe: { flows: [flow] },
        plane: 'iptables',
        tables: noTables,
        hostRoutes: node,
      })
      const refused = guarded.refusals.some((one) => one.flow?.name === 'ssh')
      expect(guarded.incomplete).not.toContain('ssh')
      expect(refused).toBe(isSomeDropped(program))
      outcomes.add(refused)
    },
  )
  fc.assert(law, { numRuns: 250 })
  expect(outcomes.size).toBe(2)
})

function isSomeDropped(program: FilterProgram): boolean {
  const routing = prepareRouting(node)
  const ruleset = compileRuleset({ program, plane: 'iptables', tables: noTables, routing }, 4)
  for (let low = 0n; low < 32n; low += 1n) {
    const from = formatAddress({ family: 4, value: 0x0a00_0000n + low })
    for (const sourcePort of sourcePorts) {
      for (const to of ['192.168.1.5', '192.168.2.5']) {
        for (const inInterface of ['eth0', 'eth1']) {
          for (const state of ['NEW', 'ESTABLISHED'] as const) {
            const packet = {
              family: 4,
              from,
              to,
              protocol: 'tcp',
              sourcePort,
              destinationPort: 22,
              inInterface,
              state,
            } as const
            if (simulatePacket(ruleset, routing, packet).verdict.kind !== 'accepted') return true
          }
        }
      }
    }
  }
  return false
}

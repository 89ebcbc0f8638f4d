import { expect, test } from 'vitest'
import type { RoutingRuleArtefact } from '../../../src/domain/host-route.ts'
import { routingRuleId } from '../../../src/domain/route-identity.ts'
import { lostAllRules } from '../../../src/plan/routes/networkd-advice.ts'
import { planRoutes } from '../../../src/plan/routes/plan-routes.ts'

function rule(from: string): RoutingRuleArtefact {
  const body = { family: 4, priority: 5300, from, action: { kind: 'lookup', table: 7150 } } as const
  return { kind: 'routing-rule', id: routingRuleId(body), ...body, origin: 'test' }
}

test('case 37: all rules gone at once is worth a word about systemd-networkd, one of two is not', () => {
  const rules = [rule('10.1.0.0/16'), rule('10.2.0.0/16')]
  const written = new Set<string>(rules.map(({ id }) => id))
  const drifts = (left: readonly RoutingRuleArtefact[]) => {
    const found = left.map((one) => ({ ...one, protocol: 201, isNegated: false }))
    const now = { routes: [], rules: found, links: [] }
    return planRoutes({ routes: [], routingRules: rules }, now, { written, adopted: new Map() }).drifts
  }
  expect(lostAllRules(rules, drifts([]))).toBe(true)
  expect(lostAllRules(rules, drifts(rules.slice(1)))).toBe(false)
  expect(lostAllRules(rules, drifts(rules))).toBe(false)
  expect(lostAllRules([], [])).toBe(false)
})

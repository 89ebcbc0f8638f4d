import { describe, expect, test } from 'vitest'
import { addressPlanOf, familiesOf } from '../../../src/k3s/addressing/address-plan.ts'
import { settings } from '../../lab/lint-subject.ts'

type Values = Parameters<typeof settings>[0]

describe('defaults', () => {
  const cases: readonly {
    readonly name: string
    readonly values: Values
    readonly addresses?: readonly string[]
    readonly pods: string
    readonly services: string
    readonly dns: string
    readonly families: readonly number[] | undefined
  }[] = [
    {
      name: 'nobody knows the node',
      values: {},
      pods: '10.42.0.0/16',
      services: '10.43.0.0/16',
      dns: '10.43.0.10',
      families: undefined,
    },
    {
      name: 'a node with IPv4',
      values: {},
      addresses: ['192.168.1.5', 'fd00::5'],
      pods: '10.42.0.0/16',
      services: '10.43.0.0/16',
      dns: '10.43.0.10',
      families: [4],
    },
    {
      name: 'a node with IPv6 first',
      values: {},
      addresses: ['fd00::5'],
      pods: 'fd00:42::/56',
      services: 'fd00:43::/112',
      dns: 'fd00:43::a',
      families: [6],
    },
    {
      name: 'node-ip wins over what the node announces',
      values: { 'node-ip': ['fd00::5'] },
      addresses: ['192.168.1.5'],
      pods: 'fd00:42::/56',
      services: 'fd00:43::/112',
      dns: 'fd00:43::a',
      families: [6],
    },
    {
      name: 'a written range gives its family to the other one',
      values: { 'cluster-cidr': ['fd00:1::/56'] },
      pods: 'fd00:1::/56',
      services: 'fd00:43::/112',
      dns: 'fd00:43::a',
      families: [6],
    },
    {
      name: 'DNS is the tenth address of every service range',
      values: { 'service-cidr': ['10.60.0.0/24', 'fd00:60::/112'] },
      pods: '10.42.0.0/16',
      services: '10.60.0.0/24,fd00:60::/112',
      dns: '10.60.0.10,fd00:60::a',
      families: undefined,
    },
    {
      name: 'an empty list is no list',
      values: { 'cluster-cidr': [] },
      pods: '10.42.0.0/16',
      services: '10.43.0.0/16',
      dns: '10.43.0.10',
      families: undefined,
    },
    {
      name: 'a comma-joined text is two ranges',
      values: { 'cluster-cidr': '10.1.0.0/16,fd00:1::/56' },
      pods: '10.1.0.0/16,fd00:1::/56',
      services: '10.43.0.0/16',
      dns: '10.43.0.10',
      families: [4, 6],
    },
    {
      name: 'what is no range has no family',
      values: { 'cluster-cidr': ['10.1.0.0'] },
      pods: '10.1.0.0',
      services: '10.43.0.0/16',
      dns: '10.43.0.10',
      families: undefined,
    },
  ]
  for (const { name, values, addresses = [], pods, services, dns, families } of cases) {
    test(name, () => {
      const plan = addressPlanOf(settings(values), addresses)
      expect(plan.pods.map(({ text }) => text).join()).toBe(pods)
      expect(plan.services.map(({ text }) => text).join()).toBe(services)
      expect(plan.dns.map(({ text }) => text).join()).toBe(dns)
      expect(familiesOf(plan, plan.pods)).toEqual(families)
    })
  }
})

test('a written value knows its place and a default has none', () => {
  const plan = addressPlanOf(settings({ 'service-cidr': ['10.60.0.0/16'] }), [])
  expect(plan.services.map(({ at }) => at?.place.file)).toEqual(['config.yaml#service-cidr'])
  expect(plan.pods.map(({ at }) => at)).toEqual([undefined])
})

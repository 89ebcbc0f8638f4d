import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FamilyFilter, PacketAction, PacketMatch } from '../../../src/domain/packet-filter.ts'
import { renderFirewall } from '../../../src/render/firewall/render-firewall.ts'
import { anyFirewall } from './arbitrary-firewall.ts'
import { agent, cluster, server } from './documents.ts'

const vendorWord = /kube-|cni-|flannel|cilium|cali/i

test('whatever the schema takes compiles, within what the kernel and its tools take', () => {
  fc.assert(
    fc.property(anyFirewall, fc.constantFrom(undefined, [server, agent]), (firewall, known) => {
      const desired = cluster([{ firewall }])
      const { filter } = renderFirewall(desired, server, known)
      expect(renderFirewall(desired, server, known).filter).toEqual(filter)
      for (const family of filter === undefined ? [] : [filter.v4, filter.v6]) checkProgram(family)
    }),
    { numRuns: 100 },
  )
})

function checkProgram({ sets, chains }: FamilyFilter): void {
  const named = new Set<string>()
  expect(chains.some(({ name }) => name === 'FAIRLEAD-ANCHOR')).toBe(true)
  expect(new Set(chains.map(({ name, table }) => `${table} ${name}`)).size).toBe(chains.length)
  for (const { name, rules, table } of chains) {
    if (!/^FAIRLEAD-[A-Z0-9-]{1,19}$/.test(name)) expect(name).toBe('a chain name of at most 28 characters')
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
    for (const { id, match, action } of rules) {
      if (!/^[a-z2-7]{12,}$/.test(id) || vendorWord.test(`${name} ${id}`)) expect(id).toBe('an id')
      checkMatch(match)
      checkPlace(table, action)
      for (const one of [match.source, match.destination]) if (one?.kind === 'set') named.add(one.set)
    }
  }
  expect(sets.map(({ name }) => name)).toEqual([...named].sort())
  for (const { name } of sets) {
    if (!/^FAIRLEAD[46]-[A-Z2-7]{12,20}$/.test(name) || vendorWord.test(name)) expect(name).toBe('a set name')
  }
  if (/\p{Cc}/u.test(JSON.stringify({ sets, chains }))) expect('a control character').toBe('nowhere')
}

function checkMatch({ sourcePorts, destinationPorts, limit }: PacketMatch): void {
  for (const ports of [sourcePorts, destinationPorts]) {
    const places = ports?.ranges.reduce((sum, { first, last }) => sum + (first === last ? 1 : 2), 0) ?? 1
    if (places < 1 || places > 15) expect(places).toBe('between 1 and 15')
  }
  if (limit !== undefined && (limit.burst < 1 || limit.packets < 1)) expect(limit).toBe('a limit')
}

const tablesOf: Readonly<Partial<Record<PacketAction['kind'], readonly string[]>>> = {
  reject: ['filter'],
  clampMss: ['mangle'],
  dscp: ['mangle'],
  mark: ['mangle'],
  keepSource: ['nat'],
  masquerade: ['nat'],
  notrack: ['raw'],
  drop: ['mangle'],
}

function checkPlace(table: string, action: PacketAction): void {
  if (tablesOf[action.kind]?.includes(table) === false) expect([table, action.kind]).toBe('a place for this action')
  if (action.kind === 'log' && !/^[\x20-\x7e]{1,29}$/.test(action.prefix)) expect(action.prefix).toBe('a prefix')
  if (action.kind === 'log' && vendorWord.test(action.prefix)) expect(action.prefix).toBe('a harmless prefix')
}

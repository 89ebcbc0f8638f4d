import { describe, expect, test } from 'vitest'
import { renderFirewall } from '../../../src/render/firewall/render-firewall.ts'
import { cluster, compiled, server } from './documents.ts'

const rest = { name: 'rest', action: 'Drop' }

describe('lists of addresses that are long', () => {
  const many = Array.from({ length: 9 }, (_, index) => `10.0.${2 * index}.0/24`)
  const allow = (from: readonly string[]) => compiled({ input: [{ name: 'allow', from, action: 'Accept' }, rest] })

  test('become one set with as few members as can be', () => {
    const { sets } = allow([...many, '10.0.2.7', '10.0.1.0/24'])
    const rest4 = many.slice(1).sort()
    expect(sets.map(({ members }) => members)).toEqual([['10.0.0.0/23', ...rest4]])
    expect(sets[0]?.name).toMatch(/^FAIRLEAD4-[A-Z2-7]{12}$/)
  })

  test('keep the name of their set, and every rule, when one entry changes', () => {
    const [before, after] = [allow(many), allow([...many, '172.16.0.0/12'])]
    expect(after.chains).toEqual(before.chains)
    expect(after.sets.map(({ name }) => name)).toEqual(before.sets.map(({ name }) => name))
    expect(after.sets).not.toEqual(before.sets)
  })

  test('two lists never share a name', () => {
    const rule = { name: 'same', from: many, to: many, action: 'Drop' }
    expect(compiled({ input: [rule, rule], forward: [rule] }).sets).toHaveLength(6)
  })

  test('a negated list of two is a set: two rules would each let the other through', () => {
    const { sets } = compiled({ input: [{ name: 'lan', notFrom: ['10.0.0.0/8', '172.16.0.0/12'], action: 'Drop' }] })
    expect(sets.map(({ members }) => members)).toEqual([['10.0.0.0/8', '172.16.0.0/12']])
  })

  test('20,000 networks compile in well under a second', () => {
    const from = Array.from({ length: 20_000 }, (_, index) => `10.${index >> 7}.${(index & 127) * 2}.0/24`)
    const desired = cluster([{ firewall: { input: [{ name: 'many', from, action: 'Accept' }, rest] } }])
    const began = performance.now()
    const { filter } = renderFirewall(desired, server, undefined)
    expect(performance.now() - began).toBeLessThan(1000)
    expect(filter?.v4.sets.map(({ members }) => members.length)).toEqual([20_000])
  })
})

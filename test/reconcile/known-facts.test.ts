import { expect, test } from 'vitest'
import type { NodeFacts } from '../../src/domain/facts.ts'
import { knownFacts } from '../../src/reconcile/known-facts.ts'
import { desiredState } from '../lab/desired-state.ts'

const listed = (role: 'server' | 'agent') => desiredState({ nodes: [{ name: 'pi-1', role }] })

function roleOf(node: Partial<NodeFacts>, role?: 'server' | 'agent'): string | undefined {
  const seen: NodeFacts = { name: 'pi-1', role: 'agent', labels: {}, addresses: [], ...node }
  const desired = role === undefined ? desiredState() : listed(role)
  return knownFacts(desired, { origin: 'live', nodes: [seen], services: [] }).nodes[0]?.role
}

const startedAs = (role: string): Partial<NodeFacts> => ({ annotations: { 'k3s.io/node-args': `["${role}"]` } })

test.each([
  { name: 'one that nothing marks is what the inventory says', node: {}, listedAs: 'server', role: 'server' },
  { name: 'one that nothing marks is an agent otherwise', node: {}, listedAs: undefined, role: 'agent' },
  { name: 'what was seen wins over the inventory', node: { role: 'server' }, listedAs: 'agent', role: 'server' },
  {
    name: 'one that K3s runs on as an agent is no server',
    node: startedAs('agent'),
    listedAs: 'server',
    role: 'agent',
  },
  {
    name: 'what a node says of itself makes no server of it',
    node: startedAs('server'),
    listedAs: 'agent',
    role: 'agent',
  },
  { name: 'nor where nobody lists it', node: startedAs('server'), listedAs: undefined, role: 'agent' },
  { name: 'a guess gives way', node: { role: 'server', isRoleAssumed: true }, listedAs: 'agent', role: 'agent' },
] as const)('of roles: $name', ({ node, listedAs, role }) => expect(roleOf(node, listedAs)).toBe(role))

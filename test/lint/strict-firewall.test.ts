import { describe, expect, test } from 'vitest'
import { assumedFacts, type Facts } from '../../src/domain/facts.ts'
import { compileRevision } from '../../src/reconcile/compile-revision.ts'
import { lintRevision } from '../../src/reconcile/lint-revision.ts'
import { textRepository } from '../lab/text-repository.ts'
import { told } from './realistic/clusters.ts'

const network = `apiVersion: fairlead.dev/v1alpha1
kind: ClusterNetwork
metadata: { name: strict }
spec:
  k3sVersion: v1.33.4+k3s1
  nodes:
    - { name: pi-1, role: server, addresses: [192.168.1.5] }
    - { name: pi-2, role: agent, addresses: [192.168.1.6] }
`

const strict = (action: 'Drop' | 'Reject', forward: string): string => `apiVersion: fairlead.dev/v1alpha1
kind: NodeNetwork
metadata: { name: strict }
spec:
  nodes: { names: [pi-1, pi-2] }
  firewall:
    management: { from: [10.9.0.0/24] }
    input:
      - { name: rest, action: ${action} }
    forward:
${forward}      - { name: forward-rest, action: ${action} }
`

const pods = `      - { name: pods-out, from: [10.42.0.0/16], action: Accept }
      - { name: pods-in, to: [10.42.0.0/16], action: Accept }
`

const living: Facts = {
  origin: 'live',
  nodes: [
    { name: 'pi-1', role: 'server', labels: {}, addresses: ['192.168.1.5'] },
    { name: 'pi-2', role: 'agent', labels: {}, addresses: ['192.168.1.6'] },
  ],
  services: [],
}

describe.each(['Drop', 'Reject'] as const)('two nodes that %s whatever no rule accepts', (action) => {
  test.each([
    ['without a finding where pods are passed on', pods, []],
    ['with a warning, and no error, where they are not', '', ['warning HOST_DEFAULT_DENY_WITHOUT_PODS']],
  ])('lint and compile %s', async (_, forward, expected) => {
    const repository = textRepository(
      new Map([
        ['clusters/strict/network.yaml', network],
        ['clusters/strict/nodes/strict.yaml', strict(action, forward)],
      ]),
    )
    const { signal } = new AbortController()
    for (const facts of [assumedFacts, living]) {
      const { problems } = await lintRevision(repository, 'clusters/strict', facts, {}, signal)
      expect(told(problems).map(({ severity, code }) => `${severity} ${code}`)).toEqual(expected)
    }
    const compiled = await compileRevision(repository, 'clusters/strict', assumedFacts, signal)
    expect(compiled.kind).toBe('compiled')
  })
})

import { expect, test } from 'vitest'
import { renderClusterProgram } from '../../src/render/cluster-program.ts'
import { agent, desiredState, server } from '../lab/desired-state.ts'

const facts = { origin: 'live', nodes: [server, agent], services: [] } as const
const enable = 'svccontroller.k3s.cattle.io/enablelb'
const pool = 'svccontroller.k3s.cattle.io/lbpool'

test('nodes of a pool carry the allow-list label and the pool, whether named or selected', () => {
  const desired = desiredState({
    loadBalancer: {
      pools: [
        { name: 'inside', nodes: { names: ['pi-1'] } },
        { name: 'edge', nodes: { matchLabels: { role: 'edge' } } },
      ],
    },
  })
  expect(renderClusterProgram(desired, facts).labels.map((item) => [item.id, item.labels])).toEqual([
    ['node-labels:pi-1', { [enable]: 'true', [pool]: 'inside' }],
    ['node-labels:pi-2', { [enable]: 'true', [pool]: 'edge' }],
  ])
})

test('without pools no node is labelled: one label would take ServiceLB from all others', () => {
  expect(renderClusterProgram(desiredState(), facts).labels).toEqual([])
})

test("a Service gets label and trigger annotation; Traefik's own is labelled by its chart", () => {
  const services = [
    { namespace: 'kube-system', name: 'traefik' },
    { namespace: 'media', name: 'player' },
  ]
  const desired = desiredState({ loadBalancer: { pools: [{ name: 'edge', nodes: { names: ['pi-1'] }, services }] } })
  const labels = renderClusterProgram(desired, facts).labels.filter((item) => item.kind === 'service-labels')
  expect(labels.map((item) => item.object)).toEqual(['media/player'])
  expect(labels[0]?.labels).toEqual({ [pool]: 'edge' })
  expect(labels[0]?.annotations['fairlead.dev/lbpool-digest']).toMatch(/^[0-9a-f]{16}$/)
})

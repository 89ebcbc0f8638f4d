import { expect, test } from 'vitest'
import { assumedFacts } from '../../src/domain/facts.ts'
import type { Compiled } from '../../src/reconcile/compile-revision.ts'
import { type ClusterPreview, summarize } from '../../src/reconcile/preview-plan.ts'
import { previewRevision } from '../../src/reconcile/preview-revision.ts'
import { renderClusterProgram } from '../../src/render/cluster-program.ts'
import { renderNodeProgram } from '../../src/render/node-program.ts'
import { desiredState, manifest } from '../lab/desired-state.ts'
import { describe } from '../lab/planning.ts'

function compiled(...given: Parameters<typeof desiredState>): Compiled & { readonly kind: 'compiled' } {
  const desired = desiredState(...given)
  return {
    kind: 'compiled',
    nodes: assumedFacts.nodes.map((node) => renderNodeProgram(desired, node)),
    cluster: renderClusterProgram(desired, assumedFacts),
    problems: [],
  }
}

function changes(preview: ClusterPreview): string[] {
  return preview.nodes.flatMap(({ node, plan }) => plan.changes.map((change) => `${node} ${describe(change)}`))
}

const lan = manifest('lan.yaml', 'apiVersion: v1\n')

test('a revision changes nothing about itself', () => {
  const preview = previewRevision('home', compiled({}, [lan]), compiled({}, [lan]))
  expect(changes(preview)).toEqual([])
  expect(preview.labels).toEqual([])
})

test('a manifest that was added, changed or taken away shows on every server, and only there', () => {
  const before = compiled({}, [lan, manifest('old.yaml', 'old'), manifest('empty.yaml', '')])
  const after = compiled({}, [manifest('lan.yaml', 'apiVersion: v2\n'), manifest('new.yaml', 'new')])
  expect(changes(previewRevision('home', before, after))).toEqual([
    'every-server create new.yaml Revision',
    'every-server update lan.yaml Revision',
    'every-server empty old.yaml Revision',
    'every-server delete empty.yaml Revision',
  ])
})

test('a cluster that was not there before is created whole', () => {
  const preview = previewRevision('home', undefined, compiled({}, [lan]))
  expect(changes(preview)).toContain('every-server create lan.yaml Revision')
  expect(summarize([preview])).toMatchObject({ change: 0, remove: 0, takeover: 0, impact: { kind: 'K3sRestart' } })
})

test('what no living cluster can do is refused with the way out', () => {
  const before = compiled({ addressing: { clusterCIDR: ['10.42.0.0/16'] } })
  const after = compiled({ addressing: { clusterCIDR: ['10.52.0.0/16'] } })
  const [server] = previewRevision('home', before, after).nodes
  expect(server?.refusal).toMatchObject({ kind: 'blocked', reason: 'RebuildRequired' })
})

test('a pool that gains a node and loses another labels one and unlabels the other', () => {
  const pool = (name: string) => ({
    loadBalancer: { pools: [{ name: 'edge', nodes: { names: [name] }, services: [] }] },
  })
  const { labels, labelsCompared } = previewRevision('home', compiled(pool('pi-1')), compiled(pool('pi-2')))
  expect(labelsCompared).toBe(true)
  expect(labels.map(({ effect, object, key }) => `${effect} ${object} ${key.split('/')[1]}`)).toEqual([
    'remove pi-1 enablelb',
    'remove pi-1 lbpool',
    'create pi-2 enablelb',
    'create pi-2 lbpool',
  ])
})

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Capture } from '../../src/domain/capture.ts'
import { previewCapture } from '../../src/reconcile/preview-capture.ts'
import { renderClusterProgram } from '../../src/render/cluster-program.ts'
import { renderNodeProgram } from '../../src/render/node-program.ts'
import { readCapture } from '../../src/schema/capture.ts'
import { desiredState } from '../lab/desired-state.ts'
import { describe } from '../lab/planning.ts'

function captured(): Capture {
  const read = readCapture('home.yaml', readFileSync(new URL('../fixtures/captures/home.yaml', import.meta.url)))
  if (!read.ok) throw new Error(JSON.stringify(read.error))
  return read.value
}

function preview(capture: Capture) {
  const pools = [{ name: 'edge', nodes: { names: ['pi-2'] }, services: [{ namespace: 'default', name: 'web' }] }]
  const desired = desiredState({ loadBalancer: { pools } })
  return previewCapture(
    {
      kind: 'compiled',
      nodes: capture.facts.nodes.map((node) => renderNodeProgram(desired, node)),
      cluster: renderClusterProgram(desired, capture.facts),
      problems: [],
    },
    capture,
  )
}

test('flags that K3s runs without are staged beside the ones it runs with', () => {
  const [server] = preview(captured()).nodes
  expect(server?.plan.changes.map(describe)).toEqual([
    'create /var/lib/fairlead/staged/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml Revision',
  ])
})

test('files that nobody of ours wrote are drops, packaged ones of K3s excepted', () => {
  const [server] = preview(captured()).nodes
  expect(server?.drops.map((drop) => drop.path.split('/').at(-1))).toEqual(['lan.yaml', 'registry.yaml'])
})

test('labels are compared with those that the capture shows', () => {
  const { labels } = preview(captured())
  expect(
    labels.map(({ effect, object, key, before, after }) => [effect, object, key.split('/')[1], before, after]),
  ).toEqual([
    ['create', 'pi-2', 'enablelb', undefined, 'true'],
    ['change', 'pi-2', 'lbpool', 'old', 'edge'],
    ['create', 'default/web', 'lbpool', undefined, 'edge'],
  ])
})

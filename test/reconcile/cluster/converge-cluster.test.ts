import fc from 'fast-check'
import { expect, test } from 'vitest'
import { enableLabel, poolDigestAnnotation, poolLabel, triggerAnnotation } from '../../../src/k3s/servicelb-labels.ts'
import { LabelCluster } from '../../lab/label-cluster.ts'
import { LabelPasses, type Pools, poolProgram } from '../../lab/label-passes.ts'

const nodes = ['n-1', 'n-2', 'n-3', 'n-4'] as const
const services = ['shop/web', 'shop/api', 'kube-system/dns'] as const

function openCluster(): { readonly cluster: LabelCluster; readonly passes: LabelPasses } {
  const cluster = new LabelCluster()
  for (const name of nodes) cluster.put('Node', name, { zone: 'a' })
  for (const key of services) cluster.put('Service', key, { app: key.replace('/', '-') }, { note: 'kept' })
  cluster.adopt('home')
  cluster.k3s()
  return { cluster, passes: new LabelPasses(cluster) }
}

const edge: Pools = { edge: { nodes: ['n-1', 'n-2'], services: ['shop/web'] } }

test('the first pool: Services keep their selectors right although the first enabled node drops pools', async () => {
  const { cluster, passes } = openCluster()
  const outcome = await passes.settle(poolProgram(edge))
  expect(outcome.verdict.kind).toBe('settled')
  expect(cluster.labels('Node', 'n-1')).toEqual({ zone: 'a', [enableLabel]: 'true', [poolLabel]: 'edge' })
  expect(cluster.labels('Node', 'n-3')).toEqual({ zone: 'a' })
  expect(cluster.selector('shop/web')).toEqual({ [enableLabel]: 'true', [poolLabel]: 'edge' })
  expect(cluster.selector('shop/api')).toEqual({ [enableLabel]: 'true' })
  expect(cluster.annotations('shop/api')).toEqual({ note: 'kept' })
  expect(cluster.annotations('shop/web')).toEqual({ note: 'kept', [poolDigestAnnotation]: 'digest-of-edge' })
})

test('no node is enabled before all nodes have their pool and all Services their label', async () => {
  const { cluster, passes } = openCluster()
  for (let call = 1; call < 12; call += 1) {
    await passes.killedPass(poolProgram(edge), call)
    const isEnabled = nodes.some((name) => enableLabel in cluster.labels('Node', name))
    if (!isEnabled) continue
    expect(['n-1', 'n-2'].map((name) => cluster.labels('Node', name)[poolLabel])).toEqual(['edge', 'edge'])
    expect(cluster.labels('Service', 'shop/web')[poolLabel]).toBe('edge')
    return
  }
  expect.fail('no node was ever enabled')
})

test('the last pool: every selector is empty again before nodes lose their pool, and nothing of ours is left', async () => {
  const { cluster, passes } = openCluster()
  await passes.settle(poolProgram(edge))
  const outcome = await passes.settle(poolProgram({}))
  expect(outcome).toMatchObject({ verdict: { kind: 'settled' }, inventory: [] })
  for (const name of nodes) expect(cluster.labels('Node', name)).toEqual({ zone: 'a' })
  for (const key of services) {
    expect(cluster.selector(key), key).toEqual({})
    expect(cluster.annotations(key)).toEqual({ note: 'kept' })
  }
})

test('selectors that ServiceLB never takes away again cost their DaemonSet, and only theirs', async () => {
  const { cluster, passes } = openCluster()
  // Somebody turned the allow-list on and off by hand: all that it left are selectors that no node has.
  cluster.edit('Node', 'n-4', enableLabel, 'true')
  cluster.k3s()
  cluster.edit('Node', 'n-4', enableLabel, undefined)
  cluster.k3s()
  expect(cluster.selector('shop/api')).toEqual({ [enableLabel]: 'true' })
  await passes.settle(poolProgram({}))
  for (const key of services) expect(cluster.selector(key), key).toEqual({})
  for (const key of services) expect(cluster.annotations(key)).toEqual({ note: 'kept' })
})

test('labels that others set keep the allow-list on: only ours go', async () => {
  const { cluster, passes } = openCluster()
  cluster.edit('Node', 'n-4', enableLabel, 'true')
  cluster.k3s()
  await passes.settle(poolProgram(edge))
  await passes.settle(poolProgram({}))
  expect(cluster.labels('Node', 'n-4')).toEqual({ zone: 'a', [enableLabel]: 'true' })
  expect(cluster.labels('Node', 'n-1')).toEqual({ zone: 'a' })
  expect(cluster.selector('shop/web')).toEqual({ [enableLabel]: 'true' })
  expect(cluster.entries.size).toBe(0)
})

test('a pool whose nodes are all away is waited for, and no selector is touched', async () => {
  const { cluster, passes } = openCluster()
  await passes.settle(poolProgram(edge))
  cluster.remove('Node', 'n-1')
  cluster.remove('Node', 'n-2')
  const outcome = await passes.settle(poolProgram(edge))
  expect(outcome.verdict).toMatchObject({ kind: 'pending', reason: 'ObjectMissing' })
  expect(cluster.selector('shop/web')).toEqual({ [enableLabel]: 'true', [poolLabel]: 'edge' })
  cluster.put('Node', 'n-1')
  cluster.put('Node', 'n-2')
  expect((await passes.settle(poolProgram(edge))).verdict.kind).toBe('settled')
})

test('a Service that another tool keeps is neither labelled nor touched, also when its selector is stale', async () => {
  const { cluster, passes } = openCluster()
  const marks = { 'kustomize.toolkit.fluxcd.io/name': 'apps', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' }
  cluster.put('Service', 'shop/flux', marks, { note: 'kept' })
  cluster.k3s()
  await passes.settle(poolProgram({ edge: { nodes: ['n-1'], services: ['shop/flux'] } }))
  expect(cluster.labels('Service', 'shop/flux')).toEqual(marks)
  const outcome = await passes.settle(poolProgram({}))
  expect(outcome.verdict).toMatchObject({ kind: 'pending', reason: 'SelectorStale' })
  expect(outcome.verdict.message).toContain('belongs to Flux (flux-system/apps): change any annotation of it there')
  expect(cluster.annotations('shop/flux')).toEqual({ note: 'kept' })
  expect(cluster.selector('shop/flux')).toEqual({ [enableLabel]: 'true' })
  expect(cluster.selector('shop/web')).toEqual({})
})

test('a pool that goes while another stays: its nodes leave once ServiceLB has left them', async () => {
  const { cluster, passes } = openCluster()
  const core = { core: { nodes: ['n-3'], services: ['shop/api'] } }
  await passes.settle(poolProgram({ ...edge, ...core }))
  const outcome = await passes.pass(poolProgram(core))
  expect(outcome.verdict).toMatchObject({ kind: 'pending', reason: 'ServiceLBPending' })
  expect(cluster.labels('Service', 'shop/web')[poolLabel]).toBeUndefined()
  expect(cluster.labels('Node', 'n-1')[poolLabel]).toBe('edge')
  await passes.settle(poolProgram(core))
  expect(cluster.labels('Node', 'n-1')).toEqual({ zone: 'a' })
  expect(cluster.selector('shop/web')).toEqual({ [enableLabel]: 'true' })
})

test('what is refused is not asked again with every look', async () => {
  const { cluster, passes } = openCluster()
  await passes.settle(poolProgram({}))
  cluster.denied.add('n-1')
  const outcome = await passes.pass(poolProgram(edge))
  expect(outcome.verdict).toMatchObject({ kind: 'failed', reason: 'LabelsRefused' })
  expect(cluster.labels('Node', 'n-2')[enableLabel]).toBe('true')
  // Now that the allow-list is on, both labels are asked for at once.
  await passes.pass(poolProgram(edge))
  const before = cluster.writes
  for (let look = 0; look < 20; look += 1) await passes.pass(poolProgram(edge))
  expect(cluster.writes - before).toBe(0)
  cluster.denied.clear()
  expect((await passes.settle(poolProgram(edge))).verdict.kind).toBe('settled')
})

test('a lead that was lost ends the pass, and nothing of it is held against an object', async () => {
  const { cluster, passes } = openCluster()
  cluster.outage = 'LEAD_LOST'
  await expect(passes.pass(poolProgram(edge))).rejects.toMatchObject({ detail: { code: 'LEAD_LOST' } })
  cluster.outage = undefined
  await passes.pass(poolProgram(edge))
  expect(cluster.labels('Node', 'n-1')[enableLabel]).toBe('true')
})

test('a quiet pass writes nothing', async () => {
  const { cluster, passes } = openCluster()
  await passes.settle(poolProgram(edge))
  const before = cluster.writes
  await passes.settle(poolProgram(edge))
  expect(cluster.writes).toBe(before)
})

const poolsArbitrary: fc.Arbitrary<Pools> = fc
  .record({
    nodes: fc.array(fc.constantFrom('a', 'b', undefined), { minLength: nodes.length, maxLength: nodes.length }),
    services: fc.array(fc.constantFrom('a', 'b', undefined), {
      minLength: services.length,
      maxLength: services.length,
    }),
  })
  .map((chosen) =>
    Object.fromEntries(
      ['a', 'b'].map((pool) => [
        pool,
        {
          nodes: nodes.filter((_, at) => chosen.nodes[at] === pool),
          services: services.filter((_, at) => chosen.services[at] === pool),
        },
      ]),
    ),
  )

const happening = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('killed' as const), call: fc.integer({ min: 1, max: 25 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pools' as const), pools: poolsArbitrary }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'k3s' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(1_000, 12_000, 70_000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('edit' as const),
      node: fc.constantFrom(...nodes),
      label: fc.constantFrom(enableLabel, poolLabel),
      value: fc.constantFrom('true', 'wrong', undefined),
    }),
  },
)

test('law: killed at any call, with pools, edits and K3s in between, it ends where the last program says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 14 }), poolsArbitrary, async (happenings, last) => {
      const { cluster, passes } = openCluster()
      let pools: Pools = {}
      for (const one of happenings) {
        if (one.kind === 'killed') await passes.killedPass(poolProgram(pools), one.call)
        else if (one.kind === 'pools') pools = one.pools
        else if (one.kind === 'k3s') cluster.k3s()
        else if (one.kind === 'time') passes.advance(one.ms)
        else cluster.edit('Node', one.node, one.label, one.value)
      }
      const outcome = await passes.settle(poolProgram(last))
      expect(outcome.verdict.kind).toBe('settled')
      const wanted = poolProgram(last).labels
      for (const { kind, object, labels } of wanted) {
        expect(cluster.labels(kind === 'node-labels' ? 'Node' : 'Service', object)).toMatchObject(labels)
      }
      expect([...cluster.entries.keys()].toSorted()).toEqual(wanted.map(({ id }) => id).toSorted())
      const isOn = nodes.some((name) => enableLabel in cluster.labels('Node', name))
      for (const key of services) {
        const pool = cluster.labels('Service', key)[poolLabel]
        const expected = { [enableLabel]: 'true', ...(pool === undefined ? {} : { [poolLabel]: pool }) }
        expect(cluster.selector(key)).toEqual(isOn ? expected : {})
        expect(triggerAnnotation in cluster.annotations(key)).toBe(false)
      }
      expect((await passes.settle(poolProgram({}))).inventory).toEqual([])
      for (const key of services) expect(cluster.annotations(key)).toEqual({ note: 'kept' })
      for (const key of services) expect(cluster.labels('Service', key)).toEqual({ app: key.replace('/', '-') })
    }),
    { numRuns: 150 },
  )
})

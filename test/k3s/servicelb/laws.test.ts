import fc from 'fast-check'
import { expect, test } from 'vitest'
import { predictServicelb } from '../../../src/k3s/servicelb/predict.ts'
import type { ServicelbCluster } from '../../../src/k3s/servicelb/prediction.ts'
import { mismatch } from '../../../src/k3s/servicelb/selector.ts'
import { defaultTolerations, untolerated } from '../../../src/k3s/servicelb/tolerations.ts'
import {
  enableLabel,
  poolLabel,
  sourceRangesAnnotation,
  tolerationsAnnotation,
} from '../../../src/k3s/servicelb-labels.ts'
import { readJson, version } from '../../lab/servicelb.ts'

const text = fc.oneof(fc.constantFrom('', 'true', 'false', 'edge', 'inside'), fc.string({ maxLength: 8 }))
const releases = [
  'v0.9.1',
  'v1.20.15+k3s1',
  'v1.23.13+k3s1',
  'v1.24.10+k3s1',
  'v1.28.3+k3s1',
  'v1.33.4+k3s1',
  'v1.37.0+k3s1',
]
const nodeName = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
const port = fc.record({
  protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
  port: fc.constantFrom(53, 80, 443),
})
const labels = fc.dictionary(fc.constantFrom(enableLabel, poolLabel, 'role'), text, { maxKeys: 2 })
const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 6 }))
const taint = fc.record({
  key: fc.constantFrom('dedicated', 'CriticalAddonsOnly', 'node-role.kubernetes.io/control-plane'),
  effect: fc.constantFrom('NoSchedule' as const, 'NoExecute' as const, 'PreferNoSchedule' as const),
})

/** Every node has an address that no other one has, so that a status tells which nodes it names. */
const node = fc.record({
  name: nodeName,
  role: fc.constantFrom('server' as const, 'agent' as const),
  labels,
  taints: fc.array(taint, { maxLength: 2 }),
  isReady: fc.boolean(),
})
const nodes = fc
  .uniqueArray(node, { selector: (one) => one.name, maxLength: 6 })
  .map((list) => list.map((one) => ({ ...one, addresses: [`10.0.0.${one.name.charCodeAt(0)}`] })))

const service = fc.record(
  {
    namespace: fc.constantFrom('default', 'web'),
    name: fc.oneof(fc.constantFrom('one', 'two'), fc.string({ minLength: 1, maxLength: 70 })),
    type: fc.constantFrom('LoadBalancer', 'ClusterIP'),
    labels,
    createdAt: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
    annotations: fc.dictionary(
      fc.constantFrom(tolerationsAnnotation, sourceRangesAnnotation, 'note'),
      fc.oneof(text, fc.json()),
      {
        maxKeys: 2,
      },
    ),
    ports: fc.array(port, { maxLength: 2 }),
    ipFamilies: fc.uniqueArray(fc.constantFrom(4 as const, 6 as const), { maxLength: 2 }),
    externalTrafficPolicy: fc.constantFrom('Cluster' as const, 'Local' as const),
    endpointNodes: fc.array(nodeName, { maxLength: 3 }),
    loadBalancerSourceRanges: fc.array(fc.oneof(fc.constant('10.0.0.0/8'), fc.string({ maxLength: 5 })), {
      maxLength: 2,
    }),
    statusAddresses: fc.array(address, { maxLength: 2 }),
  },
  { requiredKeys: ['namespace', 'name', 'type', 'labels'] },
)
const hostPortPod = fc.record(
  {
    namespace: fc.constant('default'),
    name: text,
    node: nodeName,
    ports: fc.array(port, { maxLength: 2 }),
    servicelbOf: fc.constantFrom('default/one', 'web/two'),
    isReady: fc.boolean(),
  },
  { requiredKeys: ['namespace', 'name', 'ports'] },
)
const daemonSet = fc.record({ service: fc.constantFrom('default/one', 'web/two'), nodeSelector: labels })

const clusters: fc.Arbitrary<ServicelbCluster> = fc
  .record({
    release: fc.constantFrom(...releases),
    nodes,
    services: fc.uniqueArray(service, { selector: (one) => `${one.namespace}/${one.name}`, maxLength: 5 }),
    hostPortPods: fc.array(hostPortPod, { maxLength: 4 }),
    daemonSets: fc.array(daemonSet, { maxLength: 2 }),
    lookedAt: fc.array(fc.constantFrom('default/one', 'web/two')).map((keys) => new Set(keys)),
    disabledServers: fc.array(nodeName, { maxLength: 2 }).map((names) => new Set(names)),
    primaryFamily: fc.constantFrom(4 as const, 6 as const),
  })
  .map(({ release, ...rest }) => ({
    ...rest,
    version: version(release),
    namespace: 'kube-system',
    readAnnotation: readJson,
  }))

test('every cluster has a prediction, the same one every time', () => {
  fc.assert(
    fc.property(clusters, (cluster) => {
      expect(predictServicelb(cluster)).toEqual(predictServicelb(cluster))
    }),
  )
})

test('the order in which nodes and Services are listed does not matter', () => {
  fc.assert(
    fc.property(clusters, (cluster) => {
      const turned = {
        ...cluster,
        nodes: [...cluster.nodes].reverse(),
        services: [...cluster.services].reverse(),
      }
      expect(predictServicelb(turned)).toEqual(predictServicelb(cluster))
    }),
  )
})

test('a status names candidates only, and every candidate has one pod', () => {
  fc.assert(
    fc.property(clusters, (cluster) => {
      for (const { ineligibility, ideal, actual } of predictServicelb(cluster)) {
        for (const placement of [ideal, actual]) {
          expect(placement.pods.map((pod) => pod.node)).toEqual(placement.candidates)
          if (ineligibility !== undefined || placement.candidates.length === 0) continue
          const owned = new Set(
            cluster.nodes.filter(({ name }) => placement.candidates.includes(name)).flatMap((one) => one.addresses),
          )
          for (const shown of placement.addresses) expect(owned).toContain(shown)
        }
      }
    }),
  )
})

test('a node that is not selected, or whose taints are not tolerated, is never among them', () => {
  fc.assert(
    fc.property(clusters, (cluster) => {
      for (const { service: one, selector, ideal } of predictServicelb(cluster)) {
        // What an annotation tolerates is for the examples to say.
        if (one.annotations?.[tolerationsAnnotation] !== undefined) continue
        for (const { name, addresses, taints = [], ...rest } of cluster.nodes) {
          const isOut =
            mismatch({ name, addresses, ...rest }, selector.expected) !== undefined ||
            untolerated(taints, defaultTolerations(cluster.version)).length > 0
          if (!isOut || ideal.candidates.length === 0) continue
          expect(ideal.candidates).not.toContain(name)
          expect(ideal.addresses).not.toContain(addresses[0])
        }
      }
    }),
  )
})

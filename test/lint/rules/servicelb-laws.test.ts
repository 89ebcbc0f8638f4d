import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  enableLabel,
  poolLabel,
  priorityClassAnnotation,
  sourceRangesAnnotation,
  tolerationsAnnotation,
} from '../../../src/k3s/servicelb-labels.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import { servicelbRules } from '../../../src/lint/servicelb/servicelb-rules.ts'
import { node, object, service, subject } from '../../lab/lint-subject.ts'

const text = fc.oneof(fc.constantFrom('', 'true', 'edge', 'servicelb', '1-2', 'fd00::/8,10.0.0.0/8'), fc.string())
const names = fc.constantFrom('a', 'b', 'constructor')
const labels = fc.dictionary(fc.constantFrom(enableLabel, poolLabel, '__proto__', 'toString'), text)
const settings = fc.dictionary(
  fc.constantFrom(
    'disable',
    'servicelb-namespace',
    'service-cidr',
    'service-node-port-range',
    'node-label',
    'node-taint',
    'node-ip',
    'node-external-ip',
    'flannel-backend',
  ),
  fc.oneof(text, fc.array(text, { maxLength: 2 })),
)
const nodes = fc.uniqueArray(
  fc.record({ name: names, role: fc.constantFrom('server' as const, 'agent' as const), labels, settings }),
  { selector: (one) => one.name, maxLength: 3 },
)
const services = fc.array(
  fc.record({
    name: fc.oneof(names, fc.constant('a'.repeat(60))),
    labels,
    annotations: fc.dictionary(
      fc.constantFrom(tolerationsAnnotation, sourceRangesAnnotation, priorityClassAnnotation, poolLabel),
      fc.oneof(text, fc.json()),
    ),
    ports: fc.array(fc.record({ protocol: fc.constantFrom('TCP' as const, 'UDP' as const), port: fc.nat(70_000) })),
    externalTrafficPolicy: fc.constantFrom('Cluster' as const, 'Local' as const),
    loadBalancerSourceRanges: fc.array(text, { maxLength: 2 }),
  }),
  { maxLength: 4 },
)
const values = fc.oneof(
  text,
  fc.constant('service: {labels: 1}'),
  fc.constant('ports: {web: {exposedPort: x, expose: 3}}'),
)
const origins = fc.constantFrom('live' as const, 'capture' as const, 'inventory' as const, 'assumed' as const)

test('no text in settings, labels and annotations makes a rule throw, and findings are the same every time', () => {
  fc.assert(
    fc.property(
      nodes,
      services,
      values,
      origins,
      fc.constantFrom('v1.20.15+k3s1', 'v1.28.1+k3s1', 'v1.34.0+k3s1', 'no release'),
      (someNodes, someServices, valuesContent, origin, version) => {
        const make = () =>
          subject({
            version,
            nodes: someNodes.map(({ settings: flags, labels: own, ...rest }) =>
              node({ ...rest, settings: flags, facts: { labels: own } }),
            ),
            services: someServices.map(({ name, ...rest }) => service(name, rest)),
            facts: { origin },
            objects: [
              object({
                apiVersion: 'helm.cattle.io/v1',
                kind: 'HelmChartConfig',
                metadata: { name: 'traefik', namespace: 'kube-system' },
                spec: { valuesContent },
              }),
            ],
          })
        expect(runRules(servicelbRules.rules, make())).toEqual(runRules(servicelbRules.rules, make()))
      },
    ),
  )
})

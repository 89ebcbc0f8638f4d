import fc from 'fast-check'
import { awkwardText } from './arbitrary-documents.ts'
import { text } from './arbitrary-settings.ts'

/** Fields that objects of the network have, with anything in them. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ readonly tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fieldNames(), awkwardText), tie('tree'), { maxKeys: 5 }),
  ),
})).tree

function fieldNames(): fc.Arbitrary<string> {
  return fc.constantFrom(
    ...['spec', 'data', 'ports', 'port', 'nodePort', 'hostPort', 'type', 'values', 'valuesContent', 'failurePolicy'],
    ...[
      'chart',
      'repo',
      'set',
      'containers',
      'template',
      'env',
      'name',
      'value',
      'args',
      'routes',
      'match',
      'services',
    ],
    ...['entryPoints', 'middlewares', 'tls', 'basicAuth', 'secret', 'config', 'cidr', 'podSelector', 'ingress', 'from'],
    ...['ipBlock', 'except', 'clusterIP', 'externalIPs', 'loadBalancerClass', 'additionalArguments', 'service', 'web'],
  )
}

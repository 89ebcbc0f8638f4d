import { expect, test } from 'vitest'
import { openObject } from '../../src/reconcile/open-object.ts'

const mask = '********'

function opened(spec: unknown): unknown {
  return openObject({ apiVersion: 'helm.cattle.io/v1', kind: 'HelmChart', metadata: { name: 'app' }, spec })['spec']
}

const cases = [
  { name: 'a text', given: { password: 'hunter2' }, expected: { password: mask } },
  { name: 'a number', given: { set: { adminPassword: 12345678 } }, expected: { set: { adminPassword: mask } } },
  { name: 'a text of several lines', given: { password: 'hunter\n2' }, expected: { password: mask } },
  { name: 'a text that looks like JSON', given: { password: '{hunter2' }, expected: { password: mask } },
  {
    name: 'a variable',
    given: { env: [{ value: 'hunter2', name: 'A_TOKEN' }] },
    expected: { env: [{ value: mask, name: 'A_TOKEN' }] },
  },
  {
    name: 'values that are JSON on one line',
    given: { valuesContent: '{"a":{"password":"hunter2","b":"c"}}' },
    expected: { valuesContent: `{"a":{"password":"${mask}","b":"c"}}` },
  },
  {
    name: 'values in flow style',
    given: { valuesContent: 'env:\n  - { name: A_TOKEN, value: hunter2 }\nb: c\n' },
    expected: { valuesContent: `env:\n  - { name: A_TOKEN, value: "${mask}" }\nb: c\n` },
  },
]

test.each(cases)('$name that is secret is masked', ({ given, expected }) => expect(opened(given)).toEqual(expected))

test.each([
  { set: { tokenTTL: 3600, replicas: 3, enabled: true } },
  { valuesContent: 'service:\n  labels: { a: b }\n' },
  { valuesContent: '{"ports":{"web":{"port":8000}}}' },
  { authSecret: { name: 'registry' } },
])('what is none stays: %j', (given) => expect(opened(given)).toEqual(given))

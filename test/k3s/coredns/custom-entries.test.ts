import fc from 'fast-check'
import { expect, test } from 'vitest'
import { customEntryFaults, customEntryKind, forwardsEverything } from '../../../src/k3s/coredns/custom-entries.ts'

test('the suffix decides', () => {
  expect(['a.server', 'a.override', 'a.txt', '.server', 'server', 'a.server.bak'].map(customEntryKind)).toEqual([
    'server',
    'override',
    'ignored',
    'ignored',
    'ignored',
    'ignored',
  ])
})

test.each([
  ['a.server', 'lan:53 {\n  forward . 10.0.0.1\n}\n', []],
  ['a.server', 'a.lan, b.lan {\n}\nc.lan:5353 {\n  errors\n}', []],
  ['a.server', 'a.lan:53,\nb.lan:53 {\n}\n', []],
  ['a.server', '# none\n', []],
  ['a.server', 'lan:53 {\n', [['braces', 1]]],
  ['a.server', 'lan:53 {\n}\n}\n', [['braces', 3]]],
  ['a.server', 'log\nlan:53 {\n}\n', [['no-zone', 1]]],
  ['a.server', 'lan:53 {\n}\nforward {\n}\n', [['plugin-as-zone', 3]]],
  ['a.server', '.:53 {\n}\n', [['default-zone', 1]]],
  ['a.server', 'lan .:53 {\n}\n', [['default-zone', 1]]],
  ['a.server', '.:5353 {\n}\n', []],
  ['a.override', 'log\nhosts {\n  10.0.0.1 x\n}\n', [['stands-already', 2]]],
  ['a.override', 'health\nlog\n', []],
  ['a.override', 'lgo\n', [['unknown-plugin', 1]]],
  ['a.server', 'lan {\n  cache 30 {\n    success 1\n  }\n  forwrd . x\n}\n', [['unknown-plugin', 5]]],
  ['a.override', 'rewrite name a.lan b.lan # {\n', []],
  ['a.override', 'template IN A lan {\n  match "^{x}"\n}\n', []],
  ['a.override', 'lan.:53 {\n}\n', [['block-in-override', 1]]],
  ['a.override', '10.0.0.1 a.lan\n', [['no-directive', 1]]],
] as const)('%s with %j', (key, text, faults) => {
  expect(customEntryFaults(key, text).map(({ kind, line }) => [kind, line])).toEqual(faults)
})

test('only a forward of the default block is one', () => {
  expect(forwardsEverything('a.override', 'log\nforward . 1.1.1.1\n')?.line).toBe(2)
  expect(forwardsEverything('a.override', 'hosts {\n  forward x\n}\n')).toBeUndefined()
  expect(forwardsEverything('a.server', 'forward . 1.1.1.1\n')).toBeUndefined()
})

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.constantFrom('a.server', 'a.override'), fc.string({ unit: 'binary' }), (key, text) =>
      Array.isArray(customEntryFaults(key, text)),
    ),
  )
})

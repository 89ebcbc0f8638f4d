import { expect, test } from 'vitest'
import { kindsOfManifest, sameKinds } from '../../src/reconcile/manifest-kinds.ts'
import { observed } from '../lab/planning.ts'

const two =
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n'
const kinds = [
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'apps/v1', kind: 'Deployment' },
]

test('a manifest names each of its kinds once', () => {
  expect(kindsOfManifest(observed('/a.yaml', two))).toEqual(kinds)
})

test('of what cannot be read nothing is known, which is more than that it holds nothing', () => {
  const { text: _text, ...unread } = observed('/a.yaml', two)
  expect(kindsOfManifest(unread)).toBeUndefined()
  expect(kindsOfManifest(observed('/a.yaml', '# nothing\n'))).toEqual([])
})

test('kinds are the same in the same order', () => {
  expect(sameKinds(kinds, [...kinds])).toBe(true)
  expect(sameKinds(kinds, kinds.toReversed())).toBe(false)
  expect(sameKinds(kinds, kinds.slice(1))).toBe(false)
})

import { expect, test } from 'vitest'
import { closestWord, editDistance } from '../../src/text/suggest.ts'

const fields = ['plugin', 'flannel', 'secondary', 'backend', 'directRouting', 'interface', 'clusterCIDR']

test('closestWord finds what was probably meant', () => {
  expect(closestWord('flanel', fields)).toBe('flannel')
  expect(closestWord('bakcend', fields)).toBe('backend')
  expect(closestWord('clusterCidr', fields)).toBe('clusterCIDR')
  expect(closestWord('directrouting', fields)).toBe('directRouting')
})

test('closestWord says nothing when nothing is near', () => {
  expect(closestWord('mtu', fields)).toBeUndefined()
  expect(closestWord('', fields)).toBeUndefined()
  expect(closestWord('flannel'.repeat(20), ['flannel'.repeat(20)])).toBeUndefined()
})

test('editDistance counts insertions, deletions, replacements and swaps once each', () => {
  expect(editDistance('abc', 'abcd')).toBe(1)
  expect(editDistance('abc', 'ac')).toBe(1)
  expect(editDistance('abc', 'axc')).toBe(1)
  expect(editDistance('abc', 'acb')).toBe(1)
  expect(editDistance('', 'abc')).toBe(3)
  expect(editDistance('kitten', 'sitting')).toBe(3)
})

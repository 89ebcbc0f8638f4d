import { expect, test } from 'vitest'
import { kindsOf } from '../../src/cli/cleanup-kinds.ts'

test('words of an option are kinds, or a reason', () => {
  expect(kindsOf('servicelb,calico')).toEqual(['calico', 'servicelb'])
  expect(kindsOf(undefined)).toEqual([])
  expect(kindsOf('docker')).toMatch(/^"docker" is none of calico/)
})

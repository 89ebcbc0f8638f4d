import { describe, expect, test } from 'vitest'
import type { DeployRules } from '../../../src/plan/deploy/deploy-rules.ts'
import { rulesOf } from './releases.ts'

/** @see k3s-packaged-components §5 */
const switches: readonly (readonly [keyof DeployRules, string, unknown, string, unknown])[] = [
  ['mtimeGate', 'v1.17.17+k3s1', false, 'v1.18.2+k3s1', true],
  ['extensionsAnyCase', 'v1.20.15+k3s1', false, 'v1.21.0+k3s1', true],
  ['addonFirst', 'v1.21.2+k3s1', false, 'v1.21.3+k3s1', true],
  ['events', 'v1.21.2+k3s1', false, 'v1.21.3+k3s1', true],
  ['storesChecksum', 'v1.21.4+k3s1', false, 'v1.21.5+k3s1', true],
  ['storesChecksum', 'v1.22.1+k3s1', false, 'v1.22.2+k3s1', true],
  ['strictSeparators', 'v1.21.14+k3s1', false, 'v1.22.0+k3s1', true],
  ['honoursPruneLabel', 'v1.22.3+k3s1', false, 'v1.22.4+k3s1', true],
  ['prunesUsedNamespacesOnly', 'v1.22.4+k3s1', false, 'v1.22.5+k3s1', true],
  ['prunesUsedNamespacesOnly', 'v1.22.6+k3s1', true, 'v1.22.7+k3s1', false],
  ['prunesUsedNamespacesOnly', 'v1.23.3+k3s1', true, 'v1.23.4+k3s1', false],
  ['gvkRecord', 'v1.24.0+k3s1', 'none', 'v1.24.1+k3s1', 'status'],
  ['gvkRecord', 'v1.26.4+k3s1', 'status', 'v1.26.5+k3s1', 'annotation'],
  ['prunesUnreadable', 'v1.23.6+k3s1', false, 'v1.23.7+k3s1', true],
  ['validatesKinds', 'v1.25.3+k3s1', false, 'v1.25.4+k3s1', true],
  ['followsDirectoryLinks', 'v1.30.1+k3s1', false, 'v1.30.2+k3s1', true],
  ['prunesInOnePass', 'v1.32.4+k3s1', false, 'v1.32.5+k3s1', true],
  ['logicalLinkPaths', 'v1.33.13+k3s1', false, 'v1.33.13+k3s2', true],
  ['directoriesAsFiles', 'v1.36.2+k3s1', true, 'v1.36.3+k3s1', false],
  ['epochMtimeIsNoGate', 'v1.36.4+k3s1', false, 'v1.36.5+k3s1', true],
]

describe('a release behaves by its number', () => {
  for (const [name, before, was, after, is] of switches) {
    test(`${name}: ${String(was)} in ${before}, ${String(is)} in ${after}`, () => {
      expect([rulesOf(before)[name], rulesOf(after)[name]]).toEqual([was, is])
    })
  }
})

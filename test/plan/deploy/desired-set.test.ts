import { expect, test } from 'vitest'
import { asRecord } from '../../../src/domain/plain-json.ts'
import { desiredObjects, kindGroups } from '../../../src/plan/deploy/desired-set.ts'
import { gvkText } from '../../../src/plan/deploy/group-version-kind.ts'

const map = (name: string, namespace?: string, data?: string): Record<string, unknown> => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  data: { k: data },
})
const role = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'r', namespace: 'lost' },
}

test('kinds come as the file first names them, and those to prune after them by their text', () => {
  const prune = [
    { group: 'apps', version: 'v1', kind: 'Deployment' },
    { group: '', version: 'v1', kind: 'Secret' },
    { group: '', version: 'v1', kind: 'ConfigMap' },
  ]
  expect(
    kindGroups([role, map('a'), role], prune).map(({ gvk, objects }) => `${gvkText(gvk)}: ${objects.length}`),
  ).toEqual([
    'rbac.authorization.k8s.io/v1, Kind=ClusterRole: 2',
    '/v1, Kind=ConfigMap: 1',
    '/v1, Kind=Secret: 0',
    'apps/v1, Kind=Deployment: 0',
  ])
})

test('objects are sorted by name, placed in default, and the last of two counts', () => {
  const [group] = kindGroups([map('b'), map('a', 'x'), map('a', 'default', 'first'), map('a', undefined, 'last')], [])
  const served = { groupVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true }
  const desired = group === undefined ? new Map() : desiredObjects(group, served, 'addon')
  expect([...desired.keys()]).toEqual(['default/a', 'default/b', 'x/a'])
  expect(desired.get('default/a')).toMatchObject({ data: { k: 'last' }, metadata: { namespace: 'default' } })
})

test('a namespace on a kind without namespaces is dropped', () => {
  const [group] = kindGroups([role], [])
  const served = { groupVersion: role.apiVersion, kind: role.kind, plural: 'clusterroles', namespaced: false }
  const desired = group === undefined ? new Map() : desiredObjects(group, served, 'addon')
  expect([...desired.keys()]).toEqual(['/r'])
  expect(asRecord(desired.get('/r')?.['metadata'])).not.toHaveProperty('namespace')
})

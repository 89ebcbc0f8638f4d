import { expect, test } from 'vitest'
import { pruneObjection } from '../../../src/plan/objects/prune-guard.ts'

type Texts = Readonly<Record<string, string>>

const configMap = { apiVersion: 'v1', kind: 'ConfigMap' }
const namespace = { apiVersion: 'v1', kind: 'Namespace' }
const definition = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' }
const optedOut = (mark: string): unknown => ({ kind: 'OptedOut', mark })

const cases: readonly {
  name: string
  of: typeof configMap
  labels?: Texts
  annotations?: Texts
  objection: unknown
}[] = [
  { name: 'an object without marks goes', of: configMap, objection: undefined },
  {
    name: 'ours, as an annotation',
    of: configMap,
    annotations: { 'fairlead.dev/prune': 'disabled' },
    objection: optedOut('fairlead.dev/prune: disabled'),
  },
  {
    name: 'ours, as a label',
    of: configMap,
    labels: { 'fairlead.dev/prune': 'disabled' },
    objection: optedOut('fairlead.dev/prune: disabled'),
  },
  {
    name: 'that of kustomize-controller',
    of: configMap,
    annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' },
    objection: optedOut('kustomize.toolkit.fluxcd.io/prune: disabled'),
  },
  {
    name: 'that of Argo CD, among other options',
    of: configMap,
    annotations: { 'argocd.argoproj.io/sync-options': 'Validate=false, Prune=false' },
    objection: optedOut('argocd.argoproj.io/sync-options: Prune=false'),
  },
  {
    name: 'another value is no opt-out',
    of: configMap,
    labels: { 'fairlead.dev/prune': 'enabled' },
    objection: undefined,
  },
  { name: 'a namespace takes others along', of: namespace, objection: { kind: 'Unconfirmed' } },
  { name: 'a definition takes others along', of: definition, objection: { kind: 'Unconfirmed' } },
  {
    name: 'a namespace that is confirmed',
    of: namespace,
    annotations: { 'fairlead.dev/prune': 'confirmed' },
    objection: undefined,
  },
  {
    name: 'a definition that is confirmed',
    of: definition,
    labels: { 'fairlead.dev/prune': 'confirmed' },
    objection: undefined,
  },
  {
    name: 'an opt-out of another tool wins over a confirmation',
    of: namespace,
    labels: { 'fairlead.dev/prune': 'confirmed' },
    annotations: { 'helm.sh/resource-policy': 'keep' },
    objection: optedOut('helm.sh/resource-policy: keep'),
  },
]

test.each(cases)('pruning: $name', ({ of, labels = {}, annotations = {}, objection }) => {
  expect(pruneObjection({ ...of, metadata: { name: 'x', labels, annotations } })).toEqual(objection)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KubernetesObject } from '../../../src/domain/facts.ts'
import { setNeeds } from '../../../src/plan/objects/object-needs.ts'
import { orderObjects } from '../../../src/plan/objects/order-objects.ts'

function object(apiVersion: string, kind: string, name: string, namespace?: string): KubernetesObject {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } }
}

const definition: KubernetesObject = {
  ...object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'gadgets.example.org'),
  spec: { group: 'example.org', names: { kind: 'Gadget' } },
}
const namespace = object('v1', 'Namespace', 'shop')
const gadget = object('example.org/v1', 'Gadget', 'one', 'shop')
const foreignGadget = object('other.org/v1', 'Gadget', 'one', 'shop')
const settings = object('v1', 'ConfigMap', 'settings', 'shop')
const role = object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'reader')
const webhook = object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'guard')
const aggregated = object('apiregistration.k8s.io/v1', 'APIService', 'v1.example.org')
const all = [webhook, gadget, settings, role, aggregated, namespace, foreignGadget, definition]

test('definitions come first, then namespaces, what has no namespace, the rest, what was defined, and admission last', () => {
  expect(orderObjects(all).map(({ name, objects }) => [name, objects.map(({ kind }) => kind)])).toEqual([
    ['Definitions', ['CustomResourceDefinition']],
    ['Namespaces', ['Namespace']],
    ['ClusterWide', ['ClusterRole']],
    ['Namespaced', ['ConfigMap', 'Gadget']],
    ['CustomResources', ['Gadget']],
    ['Admission', ['ValidatingWebhookConfiguration', 'APIService']],
  ])
})

test('a custom resource waits for its definition only where that is in the set', () => {
  const stages = orderObjects([gadget, settings])
  expect(stages.map(({ name }) => name)).toEqual(['Namespaced'])
})

test('law: the order does not depend on the order in which objects are given', () => {
  const expected = orderObjects(all)
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
      expect(orderObjects(shuffled)).toEqual(expected)
    }),
  )
})

test('an object needs its definition, of whatever version, and its namespace, as far as they are in the set', () => {
  const needs = setNeeds(all)
  expect(needs(gadget)).toEqual([definition, namespace])
  expect(needs({ ...gadget, apiVersion: 'example.org/v2' })).toEqual([definition, namespace])
  expect(needs(foreignGadget)).toEqual([namespace])
  expect(needs(role)).toEqual([])
  expect(setNeeds([gadget])(gadget)).toEqual([])
})

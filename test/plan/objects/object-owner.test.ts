import { expect, test } from 'vitest'
import { objectOwner } from '../../../src/plan/objects/object-owner.ts'

type Texts = Readonly<Record<string, string>>

const cases: readonly { name: string; labels?: Texts; annotations?: Texts; owner: unknown }[] = [
  { name: 'nothing', owner: undefined },
  { name: 'labels of the application itself', labels: { 'app.kubernetes.io/instance': 'web' }, owner: undefined },
  {
    name: 'a Kustomization of Flux',
    labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' },
    owner: { tool: 'Flux', name: 'flux-system/apps' },
  },
  {
    name: 'a HelmRelease of Flux, which is a Helm release as well',
    labels: {
      'app.kubernetes.io/managed-by': 'Helm',
      'helm.toolkit.fluxcd.io/name': 'web',
      'helm.toolkit.fluxcd.io/namespace': 'shop',
    },
    annotations: { 'meta.helm.sh/release-name': 'web', 'meta.helm.sh/release-namespace': 'shop' },
    owner: { tool: 'Flux', name: 'shop/web' },
  },
  {
    name: 'an application of Argo CD, by annotation',
    annotations: { 'argocd.argoproj.io/tracking-id': 'shop:/Service:shop/web' },
    owner: { tool: 'Argo CD', name: 'shop' },
  },
  {
    name: 'an application of Argo CD, by its own label',
    labels: { 'argocd.argoproj.io/instance': 'shop' },
    owner: { tool: 'Argo CD', name: 'shop' },
  },
  {
    name: 'a Helm release',
    labels: { 'app.kubernetes.io/managed-by': 'Helm' },
    annotations: { 'meta.helm.sh/release-name': 'traefik', 'meta.helm.sh/release-namespace': 'kube-system' },
    owner: { tool: 'Helm', name: 'kube-system/traefik' },
  },
  {
    name: 'a Helm release whose chart does not say its name',
    labels: { 'app.kubernetes.io/managed-by': 'Helm' },
    owner: { tool: 'Helm', name: '' },
  },
  {
    name: 'an Addon of K3s',
    labels: { 'objectset.rio.cattle.io/hash': 'bce283298811743a0386ab510f2f67ef74240c57' },
    annotations: {
      'objectset.rio.cattle.io/owner-gvk': 'k3s.cattle.io/v1, Kind=Addon',
      'objectset.rio.cattle.io/owner-name': 'coredns',
    },
    owner: { tool: 'K3s', name: 'Addon coredns' },
  },
  {
    name: 'an apply set of another controller of Rancher',
    labels: { 'objectset.rio.cattle.io/hash': 'abc' },
    annotations: { 'objectset.rio.cattle.io/owner-name': 'fleet-agent' },
    owner: { tool: 'Rancher', name: 'fleet-agent' },
  },
  {
    name: 'a bundle of Fleet',
    labels: { 'fleet.cattle.io/bundle-name': 'web' },
    owner: { tool: 'Fleet', name: 'web' },
  },
]

test.each(cases)('who keeps it: $name', ({ labels = {}, annotations = {}, owner }) => {
  expect(objectOwner({ labels, annotations })).toEqual(owner)
})

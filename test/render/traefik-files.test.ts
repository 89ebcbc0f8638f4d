import { describe, expect, test } from 'vitest'
import { renderCorednsCustom } from '../../src/render/coredns-custom.ts'
import { renderHelmChartConfigs } from '../../src/render/helm-chart-configs.ts'
import { renderTraefikConfig } from '../../src/render/traefik-config.ts'
import { renderTraefikDashboard } from '../../src/render/traefik-dashboard.ts'
import type { ClusterNetwork } from '../../src/schema/documents.ts'
import { desiredState } from '../lab/desired-state.ts'

function network(
  k3sVersion: string,
  traefik: Readonly<Record<string, unknown>> = {},
  extra: object = {},
): ClusterNetwork {
  return desiredState({ k3sVersion, components: { traefik }, ...extra }).cluster
}

const pool = {
  loadBalancer: {
    pools: [{ name: 'edge', nodes: { names: ['pi-1'] }, services: [{ namespace: 'kube-system', name: 'traefik' }] }],
  },
}

/** One release of every era in which the files differ. */
const eras = [
  'v1.20.15+k3s1',
  'v1.21.0+k3s1',
  'v1.24.7+k3s1',
  'v1.28.3+k3s1',
  'v1.28.3+k3s2',
  'v1.31.4+k3s1',
  'v1.32.2+k3s1',
  'v1.33.6+k3s1',
  'v1.35.2+k3s1',
  'v1.36.3+k3s1',
  'v1.37.0+k3s1',
] as const

describe('the dashboard', () => {
  const dashboard = { host: 'traefik.lan', basicAuthSecret: 'users' }
  const route = (group: string): string => `apiVersion: "${group}/v1alpha1"
kind: "Middleware"
metadata:
  name: "fairlead-traefik-dashboard-auth"
  namespace: "kube-system"
spec:
  basicAuth:
    secret: "users"
---
apiVersion: "${group}/v1alpha1"
kind: "IngressRoute"
metadata:
  name: "fairlead-traefik-dashboard"
  namespace: "kube-system"
spec:
  entryPoints:
    - "websecure"
  routes:
    - kind: "Rule"
      match: "Host(\`traefik.lan\`) && (PathPrefix(\`/api\`) || PathPrefix(\`/dashboard\`))"
      middlewares:
        - name: "fairlead-traefik-dashboard-auth"
          namespace: "kube-system"
      services:
        - kind: "TraefikService"
          name: "api@internal"
  tls: {}
`

  test.each(eras.slice(1))('is a route of its own on %s', (version) => {
    const isOld = ['v1.21.0+k3s1', 'v1.24.7+k3s1', 'v1.28.3+k3s1'].includes(version)
    const file = renderTraefikDashboard(network(version, { dashboard }))
    expect(file?.path).toBe('/var/lib/rancher/k3s/server/manifests/fairlead-traefik-dashboard.yaml')
    expect(file?.text).toBe(route(isOld ? 'traefik.containo.us' : 'traefik.io'))
    expect(renderTraefikConfig(network(version, { dashboard }))).toBeUndefined()
  })

  test('is made by the chart on v1.20.15+k3s1, with the names that Traefik v1 has', () => {
    const old = network('v1.20.15+k3s1', { dashboard, values: { ssl: { enforced: true } } })
    expect(renderTraefikDashboard(old)).toBeUndefined()
    expect(renderTraefikConfig(old)?.text).toBe(`apiVersion: "helm.cattle.io/v1"
kind: "HelmChartConfig"
metadata:
  name: "traefik"
  namespace: "kube-system"
spec:
  valuesContent: |
    dashboard:
      domain: "traefik.lan"
      enabled: true
      ingress:
        annotations:
          traefik.ingress.kubernetes.io/auth-secret: "users"
          traefik.ingress.kubernetes.io/auth-type: "basic"
          traefik.ingress.kubernetes.io/frontend-entry-points: "https"
    ssl:
      enforced: true
`)
  })

  test('without a Secret there is no Middleware, and other entry points decide about TLS themselves', () => {
    const file = renderTraefikDashboard(
      network('v1.33.4+k3s1', { dashboard: { host: 'traefik.lan', entryPoints: ['web', 'websecure'] } }),
    )
    expect(file?.text).toBe(`apiVersion: "traefik.io/v1alpha1"
kind: "IngressRoute"
metadata:
  name: "fairlead-traefik-dashboard"
  namespace: "kube-system"
spec:
  entryPoints:
    - "web"
    - "websecure"
  routes:
    - kind: "Rule"
      match: "Host(\`traefik.lan\`) && (PathPrefix(\`/api\`) || PathPrefix(\`/dashboard\`))"
      services:
        - kind: "TraefikService"
          name: "api@internal"
`)
  })

  test('has no file while it, Traefik or the Helm controller is off', () => {
    const version = 'v1.33.4+k3s1'
    const off = [
      network(version),
      network(version, { dashboard: { ...dashboard, enabled: false } }),
      network(version, { dashboard, enabled: false }),
      desiredState({ components: { traefik: { dashboard }, helmController: { enabled: false } } }).cluster,
    ]
    expect(off.map(renderTraefikDashboard)).toEqual([undefined, undefined, undefined, undefined])
  })
})

describe('the HelmChartConfig of Traefik', () => {
  test.each(eras)('has the pool label and an explicit failure policy where %s knows it', (version) => {
    const hasPolicy = !['v1.20.15+k3s1', 'v1.21.0+k3s1'].includes(version)
    expect(renderTraefikConfig(network(version, {}, pool))?.text).toBe(`apiVersion: "helm.cattle.io/v1"
kind: "HelmChartConfig"
metadata:
  name: "traefik"
  namespace: "kube-system"
spec:${hasPolicy ? '\n  failurePolicy: "abort"' : ''}
  valuesContent: |
    service:
      annotations:
        fairlead.dev/lbpool-digest: "a1cb100f57e971ca"
      labels:
        svccontroller.k3s.cattle.io/lbpool: "edge"
`)
  })

  test('says what the document says about failures, values and Secrets', () => {
    const traefik = {
      values: { service: { labels: { team: 'net' } } },
      valuesFrom: [{ secretName: 'acme', keys: ['values.yaml'] }],
      failurePolicy: 'reinstall',
    }
    expect(renderTraefikConfig(network('v1.33.4+k3s1', traefik, pool))?.text).toBe(`apiVersion: "helm.cattle.io/v1"
kind: "HelmChartConfig"
metadata:
  name: "traefik"
  namespace: "kube-system"
spec:
  failurePolicy: "reinstall"
  valuesContent: |
    service:
      annotations:
        fairlead.dev/lbpool-digest: "a1cb100f57e971ca"
      labels:
        svccontroller.k3s.cattle.io/lbpool: "edge"
        team: "net"
  valuesSecrets:
    - keys:
        - "values.yaml"
      name: "acme"
`)
  })

  test.each([
    ['v1.31.7+k3s1', false],
    ['v1.31.8+k3s1', true],
    ['v1.32.3+k3s1', false],
    ['v1.32.4+k3s1', true],
    ['v1.33.0+k3s1', true],
  ] as const)('on %s Secrets are named: %s', (version, isNamed) => {
    const valuesFrom = [{ secretName: 'acme', keys: ['values.yaml'] }]
    const text = renderTraefikConfig(network(version, { valuesFrom }))?.text
    expect(text?.includes('valuesSecrets')).toBe(isNamed)
    expect(text).not.toContain('valuesContent')
  })

  test.each([
    ['v1.22.7+k3s1', false],
    ['v1.22.8+k3s1', true],
    ['v1.23.4+k3s1', false],
    ['v1.23.5+k3s1', true],
  ] as const)('on %s the failure policy is written: %s', (version, isWritten) => {
    const text = renderTraefikConfig(network(version, { values: { a: 1 } }))?.text
    expect(text?.includes('failurePolicy: "abort"')).toBe(isWritten)
  })

  test('is no file where nothing is left to say', () => {
    expect(renderTraefikConfig(network('v1.33.4+k3s1'))).toBeUndefined()
    expect(renderTraefikConfig(network('v1.33.4+k3s1', { enabled: false, values: { a: 1 } }))).toBeUndefined()
    expect(renderTraefikConfig(network('v1.21.0+k3s1', { failurePolicy: 'abort' }))).toBeUndefined()
    expect(renderTraefikConfig(network('v1.18.20+k3s1', { values: { a: 1 } }))).toBeUndefined()
  })
})

test('other charts get their overrides the same way', () => {
  const helmChartConfigs = [
    { name: 'cert-manager', namespace: 'certs', valuesContent: 'a: 1 # one\n' },
    { name: 'x', values: { a: 1 }, failurePolicy: 'retry', valuesFrom: [{ secretName: 's', keys: ['k'] }] },
  ]
  const texts = (k3sVersion: string): string[] =>
    renderHelmChartConfigs(desiredState({ k3sVersion, helmChartConfigs }).cluster).map(({ text }) => text)
  expect(texts('v1.36.3+k3s1')).toEqual([
    `apiVersion: "helm.cattle.io/v1"
kind: "HelmChartConfig"
metadata:
  name: "cert-manager"
  namespace: "certs"
spec:
  failurePolicy: "abort"
  valuesContent: |
    a: 1 # one
`,
    `apiVersion: "helm.cattle.io/v1"
kind: "HelmChartConfig"
metadata:
  name: "x"
  namespace: "kube-system"
spec:
  failurePolicy: "retry"
  valuesContent: |
    a: 1
  valuesSecrets:
    - keys:
        - "k"
      name: "s"
`,
  ])
  expect(texts('v1.18.20+k3s1')).toEqual([])
})

test('zones of CoreDNS stay with a CoreDNS that is there', () => {
  const custom = { 'lan.server': 'lan:53 {\n}\n' }
  const text = renderCorednsCustom(desiredState({ components: { coredns: { custom } } }).cluster)?.text
  expect(text).toContain('lan.server: |')
  expect(
    renderCorednsCustom(desiredState({ components: { coredns: { enabled: false, custom } } }).cluster),
  ).toBeUndefined()
})

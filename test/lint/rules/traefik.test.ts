import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import type { KubernetesObject } from '../../../src/domain/facts.ts'
import { redirectFragment } from '../../../src/k3s/traefik/redirect-shape.ts'
import { packagedRules } from '../../../src/lint/packaged/packaged-rules.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import type { LintSubject, ObjectSubject } from '../../../src/lint/subject.ts'
import { traefikRules } from '../../../src/lint/traefik/traefik-rules.ts'
import { toYaml } from '../../../src/text/yaml-print.ts'
import { desiredState } from '../../lab/desired-state.ts'
import { node, object, service, subject } from '../../lab/lint-subject.ts'
import { testRules } from './rule-cases.ts'

/** One release for every era of the packaged chart. */
const release = {
  1: 'v1.20.15+k3s1',
  9: 'v1.21.0+k3s1',
  10: 'v1.22.8+k3s1',
  12: 'v1.24.7+k3s1',
  19: 'v1.24.8+k3s1',
  21: 'v1.27.2+k3s1',
  25: 'v1.28.3+k3s2',
  27: 'v1.31.2+k3s1',
  34: 'v1.32.2+k3s1',
  37: 'v1.33.6+k3s1',
  38: 'v1.35.1+k3s1',
  39: 'v1.35.2+k3s1',
  40: 'v1.36.3+k3s1',
} as const

type Major = keyof typeof release

type Extra = Parameters<typeof subject>[0]

function config(spec: Readonly<Record<string, unknown>>): KubernetesObject {
  return {
    apiVersion: 'helm.cattle.io/v1',
    kind: 'HelmChartConfig',
    metadata: { name: 'traefik', namespace: 'kube-system' },
    spec,
  }
}

/** Values as a user writes them, on a release with this chart major. */
function values(major: Major, text: Readonly<Record<string, unknown>> | string, extra: Extra = {}): LintSubject {
  const valuesContent = typeof text === 'string' ? text : toYaml(text)
  return subject({ version: release[major], objects: [object(config({ valuesContent }))], ...extra })
}

function objects(
  major: Major,
  list: readonly KubernetesObject[],
  extra: Extra = {},
  origin: ObjectSubject['origin'] = 'repository',
): LintSubject {
  return subject({ version: release[major], objects: list.map((one) => object(one, origin)), ...extra })
}

function port(name: string, value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ports: { [name]: value } }
}

interface RouteLiteral {
  readonly match?: string
  readonly syntax?: string
  readonly service?: string
  readonly middlewares?: readonly { readonly name: string; readonly namespace?: string }[]
}

function ingressRoute(route: RouteLiteral, entryPoints?: readonly string[], group = 'traefik.io'): KubernetesObject {
  const { match = 'Host(`a.lan`)', syntax, service: name = 'web', middlewares } = route
  return {
    apiVersion: `${group}/v1alpha1`,
    kind: 'IngressRoute',
    metadata: { name: 'site', namespace: 'lan' },
    spec: {
      ...(entryPoints === undefined ? {} : { entryPoints }),
      routes: [
        {
          kind: 'Rule',
          match,
          ...(syntax === undefined ? {} : { syntax }),
          services: [{ name }],
          ...(middlewares === undefined ? {} : { middlewares }),
        },
      ],
    },
  }
}

function middleware(name: string, namespace: string, spec: Readonly<Record<string, unknown>>): KubernetesObject {
  return { apiVersion: 'traefik.io/v1alpha1', kind: 'Middleware', metadata: { name, namespace }, spec }
}

function secret(name: string, namespace: string, data: Readonly<Record<string, string>>): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, data }
}

function definition(name: string, annotations?: Readonly<Record<string, string>>): KubernetesObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name, ...(annotations === undefined ? {} : { annotations }) },
  }
}

const gateway: KubernetesObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'edge', namespace: 'lan' },
}

function helmChart(chart: string): KubernetesObject {
  return {
    apiVersion: 'helm.cattle.io/v1',
    kind: 'HelmChart',
    metadata: { name: 'traefik', namespace: 'kube-system' },
    spec: { chart },
  }
}

function dashboardOn(entryPoints: readonly string[], more: Readonly<Record<string, unknown>> = {}): LintSubject {
  return subject({
    desired: desiredState({ components: { traefik: { dashboard: { host: 'a.lan', entryPoints }, ...more } } }),
  })
}

const off = [node({ settings: { disable: ['traefik'] } })]
const redirectNew = { redirections: { entryPoint: { to: 'websecure' } } }
const tolerations = [
  { key: 'CriticalAddonsOnly', operator: 'Exists' },
  { key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' },
]

testRules(traefikRules, {
  'trf-redirect-syntax': {
    fails: [
      values(21, port('web', { redirectTo: { port: 'websecure' } })),
      values(21, port('web', redirectNew)),
      values(25, port('web', { redirectTo: 'websecure' })),
      values(34, port('web', { redirectTo: { port: 'websecure' } })),
      values(38, port('web', { redirectTo: 'websecure' })),
      values(38, port('web', { http: redirectNew })),
      values(39, port('web', redirectNew)),
      values(40, port('web', { redirectTo: { port: 'websecure' } })),
      subject({
        version: release[39],
        desired: desiredState({ components: { traefik: { values: port('web', redirectNew) } } }),
      }),
    ],
    passes: [
      values(21, port('web', { redirectTo: 'websecure' })),
      values(27, port('web', { redirectTo: { port: 'websecure', permanent: true } })),
      values(38, port('web', redirectNew)),
      values(40, port('web', { http: redirectNew })),
      values(40, port('web', { redirections: { entryPoint: {} } })),
      values(40, port('web', redirectNew), { nodes: off }),
      values(40, port('web', redirectNew), { nodes: [node({ settings: { 'disable-helm-controller': true } })] }),
    ],
  },
  'trf-expose-shape': {
    fails: [values(27, port('metrics', { expose: false })), values(25, port('web', { expose: { default: true } }))],
    passes: [values(27, port('web', { expose: { default: true } })), values(25, port('web', { expose: true }))],
  },
  'trf-service-spec': {
    fails: [values(40, { service: { type: 'NodePort' } }), values(40, { service: { externalIPs: ['10.0.0.1'] } })],
    passes: [
      values(39, { service: { type: 'NodePort' } }),
      values(40, { service: { spec: { type: 'NodePort' }, labels: { a: 'b' } } }),
    ],
  },
  'trf-key-unknown': {
    fails: [
      values(34, { additionalArgument: ['--log.level=DEBUG'] }),
      values(39, port('websecure', { tls: { enabled: true } })),
      values(34, port('websecure', { http: { tls: { enabled: true } } })),
      values(27, { service: { externalTrafficPolicy: 'Local' } }),
      values(27, { installCRDs: true }),
      values(27, { gateway: { enabled: true } }),
      values(27, { podAnnotations: { a: 'b' } }),
      values(21, { rollingUpdate: { maxSurge: 1 } }),
      values(1, port('web', { expose: true })),
      values(34, { ports: [{ name: 'web', port: 80 }] }),
      values(34, { image: 'traefik:v3' }),
      values(34, port('web', { redirections: { entryPoint: { too: 'websecure', schem: 'https' } } })),
      values(34, port('web', { redirections: { entrypoint: { to: 'websecure' } } })),
      values(40, port('web', { http: { redirections: { entryPoint: { to: 'websecure', perm: true } } } })),
      values(27, port('web', { redirectTo: { name: 'websecure' } })),
    ],
    passes: [
      values(40, port('websecure', { http: { tls: { enabled: true } } })),
      values(34, port('mqtt', { port: 1883, expose: { default: true }, exposedPort: 1883, protocol: 'TCP' })),
      values(34, { ports: { metrics: null } }),
      values(34, port('web', { redirections: { entryPoint: { to: 'websecure', priority: 10, permanent: true } } })),
      values(27, port('web', { redirectTo: { port: 'websecure', priority: 10, permanent: true } })),
      values(34, { ports: null, tolerations: [{ operator: 'Exists' }] }),
      values(27, { service: { spec: { externalTrafficPolicy: 'Local', anything: 'goes' } } }),
      values(27, { experimental: { plugins: { any: { moduleName: 'x', version: 'y' } } }, tracing: { jaeger: {} } }),
      values(21, { updateStrategy: { type: 'RollingUpdate' } }),
      values(9, { anything: { goes: true } }),
      values(1, { dashboard: { enabled: true, auth: { basic: { a: 'b' } } }, ssl: { enforced: true } }),
    ],
  },
  'trf-certresolvers': {
    fails: [
      values(34, { certResolvers: { le: {} } }),
      values(27, { certificatesResolvers: { le: {} } }),
      values(10, { certResolvers: { le: {} } }),
    ],
    passes: [values(34, { certificatesResolvers: { le: {} } }), values(27, { certResolvers: { le: {} } })],
  },
  'trf-globalargs': {
    fails: [values(37, { globalArguments: [] }), values(34, { global: { checkNewVersion: false } })],
    passes: [values(34, { globalArguments: [] }), values(37, { global: { sendAnonymousUsage: false } })],
  },
  'trf-crd-group': {
    fails: [
      objects(34, [ingressRoute({}, ['web'], 'traefik.containo.us')]),
      objects(21, [ingressRoute({}, ['web'], 'traefik.io')]),
      objects(1, [ingressRoute({}, ['web'], 'traefik.containo.us')]),
    ],
    passes: [
      objects(34, [ingressRoute({})]),
      objects(21, [ingressRoute({}, ['web'], 'traefik.containo.us')]),
      objects(25, [ingressRoute({}), ingressRoute({}, ['web'], 'traefik.containo.us')]),
      objects(34, [ingressRoute({}, ['web'], 'traefik.containo.us')], { nodes: off }),
    ],
  },
  'trf-dashboard-default': {
    fails: [
      values(34, { ingressRoute: { dashboard: { entryPoints: ['websecure'] } } }),
      subject({
        version: release[40],
        desired: desiredState({
          components: { traefik: { values: { api: { dashboard: false } }, dashboard: { host: 'a.lan' } } },
        }),
      }),
    ],
    passes: [
      values(27, { ingressRoute: { dashboard: { entryPoints: ['traefik'] } } }),
      values(34, { ingressRoute: { dashboard: { enabled: true, entryPoints: ['traefik'] } } }),
      values(34, { ingressRoute: { dashboard: { enabled: false } } }),
      values(34, {}),
    ],
  },
  'trf-middleware-ref': {
    fails: [
      objects(34, [ingressRoute({ middlewares: [{ name: 'auth' }] }), middleware('auth', 'default', {})]),
      objects(34, [
        ingressRoute({ middlewares: [{ name: 'auth', namespace: 'default' }] }),
        middleware('auth', 'default', {}),
      ]),
      objects(34, [ingressRoute({ middlewares: [{ name: 'auth' }] })], { facts: { objects: [] } }, 'live'),
      objects(34, [
        middleware('auth', 'lan', { basicAuth: { secret: 'users' } }),
        secret('users', 'lan', { wrong: 'eA==' }),
      ]),
      objects(34, [
        middleware('auth', 'lan', { basicAuth: { secret: 'users' } }),
        secret('users', 'default', { users: 'eA==' }),
      ]),
    ],
    passes: [
      objects(34, [ingressRoute({ middlewares: [{ name: 'auth' }] }), middleware('auth', 'lan', {})]),
      objects(34, [ingressRoute({ middlewares: [{ name: 'auth' }] })]),
      objects(34, [ingressRoute({ middlewares: [{ name: 'auth@file' }] })], { facts: { objects: [] } }, 'live'),
      objects(34, [
        ingressRoute({ middlewares: [{ name: 'auth', namespace: 'default' }] }),
        middleware('auth', 'default', {}),
        config({ valuesContent: 'providers:\n  kubernetesCRD:\n    allowCrossNamespace: true\n' }),
      ]),
      objects(34, [
        ingressRoute({ middlewares: [{ name: 'auth', namespace: 'default' }] }),
        middleware('auth', 'default', {}),
        config({ valuesContent: 'additionalArguments: ["--providers.kubernetesCRD.allowCrossNamespace"]\n' }),
      ]),
      objects(34, [
        middleware('auth', 'lan', { basicAuth: { secret: 'users' } }),
        secret('users', 'lan', { users: 'eA==' }),
      ]),
    ],
  },
  'trf-v2-v3-upgrade': {
    fails: [
      objects(34, [ingressRoute({ match: 'HostRegexp(`{sub:[a-z]+}.a.lan`)' })]),
      objects(34, [ingressRoute({ match: 'Host(`a.lan`, `b.lan`)' })]),
      objects(34, [ingressRoute({ match: 'Headers(`X-A`, `b`) && Host(`a.lan`)' })], {
        before: subject({ version: release[27] }),
      }),
      objects(34, [ingressRoute({ match: 'PathPrefix(`/{id:[0-9]+}`)' })]),
      objects(34, [middleware('allow', 'lan', { ipWhiteList: { sourceRange: ['10.0.0.0/8'] } })]),
    ],
    passes: [
      objects(27, [ingressRoute({ match: 'Host(`a.lan`, `b.lan`)' })]),
      objects(34, [ingressRoute({ match: 'Host(`a.lan`, `b.lan`)', syntax: 'v2' })]),
      objects(34, [ingressRoute({ match: 'Host(`a.lan`) && (PathPrefix(`/api`) || Header(`X-A`, `b`))' })]),
      objects(34, [
        ingressRoute({ match: 'Host(`a.lan`, `b.lan`)' }),
        config({ valuesContent: 'core:\n  defaultRuleSyntax: v2\n' }),
      ]),
      objects(34, [middleware('allow', 'lan', { ipAllowList: { sourceRange: ['10.0.0.0/8'] } })]),
    ],
  },
  'trf-lists-replace': {
    fails: [values(34, { tolerations: [{ key: 'edge', operator: 'Exists' }] }), values(34, { tolerations: [] })],
    passes: [
      values(34, { tolerations: [...tolerations, { key: 'edge', operator: 'Exists' }] }),
      values(34, { tolerations: [{ operator: 'Exists' }] }),
      values(34, { additionalArguments: ['--log.level=DEBUG'] }),
    ],
  },
  'trf-image-registry': {
    fails: [
      values(34, { image: { registry: 'registry.lan' } }),
      values(27, { global: { systemDefaultRegistry: 'x' } }),
    ],
    passes: [values(34, { image: { repository: 'registry.lan/traefik', tag: 'v3.3.2' } })],
  },
  'trf-gatewayapi-owner': {
    fails: [
      objects(34, [definition('gateways.gateway.networking.k8s.io')]),
      objects(
        34,
        [definition('httproutes.gateway.networking.k8s.io', { 'meta.helm.sh/release-name': 'istio' })],
        {},
        'live',
      ),
      objects(34, [gateway], { nodes: off, before: subject({ version: release[34] }) }, 'live'),
    ],
    passes: [
      objects(27, [definition('gateways.gateway.networking.k8s.io')]),
      objects(34, [definition('gateways.gateway.networking.k8s.io')], { version: 'v1.37.0+k3s1' }),
      objects(
        34,
        [definition('x.gateway.networking.k8s.io', { 'meta.helm.sh/release-name': 'traefik-crd' })],
        {},
        'live',
      ),
      objects(34, [definition('gateways.example.org')]),
      objects(34, [gateway], { before: subject({ version: release[34] }) }, 'live'),
      objects(40, [gateway], { nodes: off, before: subject({ version: release[40] }) }, 'live'),
    ],
  },
  'trf-port-8080': {
    fails: [
      subject({
        version: release[1],
        services: [service('a', { ports: [{ protocol: 'TCP', port: 80, nodePort: 8080 }] })],
      }),
      subject({
        version: release[1],
        facts: { hostPortPods: [{ namespace: 'lan', name: 'a', ports: [{ protocol: 'TCP', port: 8080 }] }] },
      }),
    ],
    passes: [
      subject({
        version: release[9],
        facts: { hostPortPods: [{ namespace: 'lan', name: 'a', ports: [{ protocol: 'TCP', port: 8080 }] }] },
      }),
      subject({ version: release[1], services: [service('a', { ports: [{ protocol: 'TCP', port: 8080 }] })] }),
    ],
  },
  'trf-v1-block': {
    fails: [objects(21, [helmChart('https://%{KUBERNETES_API}%/static/charts/traefik-1.81.0.tgz')], {}, 'live')],
    passes: [
      objects(27, [helmChart('https://%{KUBERNETES_API}%/static/charts/traefik-1.81.0.tgz')], {}, 'live'),
      objects(21, [helmChart('https://%{KUBERNETES_API}%/static/charts/traefik-21.2.1+up21.2.0.tgz')], {}, 'live'),
      objects(1, [helmChart('https://%{KUBERNETES_API}%/static/charts/traefik-1.81.0.tgz')], {}, 'live'),
    ],
  },
  'trf-argument-shape': {
    fails: [
      values(34, { additionalArguments: ['log.level=DEBUG'] }),
      values(34, { additionalArguments: '--log.level=DEBUG' }),
      values(34, { additionalArguments: ['--log.level=DEBUG', 7] }),
    ],
    passes: [
      values(34, { additionalArguments: ['-log.level=DEBUG', '-ping'] }),
      values(34, { additionalArguments: ['--log.level=DEBUG', '--ping', '--log.level', 'DEBUG', '--api'] }),
      values(34, { additionalArguments: [] }),
    ],
  },
  'trf-argument-entrypoint': {
    fails: [
      values(34, { additionalArguments: ['--entrypoints.webb.http.tls=true'] }),
      values(34, { additionalArguments: ['--entrypoints.web.http.redirections.entrypoint.to=secure'] }),
    ],
    passes: [
      values(34, {
        additionalArguments: [
          '--entryPoints.web.http.redirections.entryPoint.to=websecure',
          '--entrypoints.web.http.redirections.entrypoint.to=:443',
          '--entrypoints.mqtt.address=:1883',
          '--entrypoints.mqtt.transport.lifecycle.gracetimeout=10',
          '--entrypoints.dns.udp.timeout=5',
        ],
        ports: { dns: { port: 5353 } },
      }),
    ],
  },
  'trf-argument-removed': {
    fails: [
      values(34, { additionalArguments: ['--experimental.http3=true'] }),
      values(40, { additionalArguments: ['--tracing.jaeger.samplingType=const'] }),
    ],
    passes: [
      values(27, { additionalArguments: ['--experimental.http3=true'] }),
      values(34, { additionalArguments: ['--metrics.influxdb2.address=x', '--tracing.otlp=true'] }),
    ],
  },
  'trf-dashboard-entrypoint': {
    fails: [dashboardOn(['https']), dashboardOn(['websecure', 'lan'])],
    passes: [
      dashboardOn(['web', 'websecure', 'traefik']),
      dashboardOn(['lan'], { values: { ports: { lan: { port: 8444 } } } }),
      dashboardOn(['lan'], { values: { additionalArguments: ['--entrypoints.lan.address=:8444'] } }),
      dashboardOn(['lan'], { valuesFrom: [{ secretName: 'values', keys: ['ports.yaml'] }] }),
      dashboardOn(['https'], { enabled: false }),
      subject({
        version: release[1],
        desired: desiredState({
          components: { traefik: { dashboard: { host: 'a.lan', entryPoints: ['https'] } } },
        }),
      }),
    ],
  },
  'trf-dashboard-exposed': {
    fails: [
      subject({ desired: desiredState({ components: { traefik: { dashboard: { host: 'a.lan' } } } }) }),
      objects(34, [ingressRoute({ service: 'api@internal' }, ['websecure'])]),
      objects(34, [ingressRoute({ service: 'api@internal' })]),
      values(34, { ports: { traefik: { expose: { default: true } } }, ingressRoute: { dashboard: { enabled: true } } }),
      values(34, { ports: { traefik: { expose: { default: true } } }, additionalArguments: ['--api.insecure=true'] }),
      values(25, { ports: { traefik: { expose: true } } }),
      values(34, { ingressRoute: { dashboard: { enabled: true, entryPoints: ['web'] } } }),
      values(34, { additionalArguments: ['--api.insecure'] }),
      values(34, { additionalArguments: ['-api.insecure'] }),
      values(34, { api: { insecure: true } }),
      values(1, { dashboard: { enabled: true } }),
    ],
    passes: [
      subject({
        desired: desiredState({ components: { traefik: { dashboard: { host: 'a.lan', basicAuthSecret: 'users' } } } }),
      }),
      subject({ desired: desiredState({ components: { traefik: { dashboard: { host: 'a.lan', enabled: false } } } }) }),
      objects(34, [ingressRoute({ service: 'api@internal', middlewares: [{ name: 'auth' }] }, ['websecure'])]),
      objects(34, [ingressRoute({ service: 'api@internal' }, ['traefik'])]),
      values(34, { ports: { traefik: { expose: { default: true } } } }),
      values(34, { additionalArguments: ['--api.insecure=false'] }),
      // No route is rendered without charts, and none for a Traefik v1 that nobody can give values.
      subject({
        desired: desiredState({
          components: { traefik: { dashboard: { host: 'a.lan' } }, helmController: { enabled: false } },
        }),
      }),
      subject({
        version: 'v1.18.20+k3s1',
        desired: desiredState({ components: { traefik: { dashboard: { host: 'a.lan' } } } }),
      }),
      values(34, {
        ingressRoute: { dashboard: { enabled: true, entryPoints: ['web'], middlewares: [{ name: 'auth' }] } },
      }),
      values(1, { dashboard: { enabled: true, auth: { basic: { admin: 'hash' } } } }),
    ],
  },
  'trf-metrics-exposed': {
    fails: [values(34, port('metrics', { expose: { default: true } })), values(21, port('metrics', { expose: true }))],
    passes: [
      values(34, port('metrics', { expose: { default: false } })),
      values(34, port('web', { expose: { default: true } })),
    ],
  },
  'trf-crd-deletion': {
    fails: [
      objects(34, [ingressRoute({})], { nodes: off, before: subject({ version: release[34] }) }, 'live'),
      // Later charts keep the definitions of the Gateway API, and not Traefik's.
      objects(40, [ingressRoute({})], { nodes: off, before: subject({ version: release[40] }) }, 'live'),
    ],
    passes: [
      objects(34, [ingressRoute({})], { nodes: off }, 'live'),
      objects(34, [ingressRoute({})], { before: subject({ version: release[34] }) }, 'live'),
      objects(
        34,
        [
          ingressRoute({}),
          {
            apiVersion: 'apiextensions.k8s.io/v1',
            kind: 'CustomResourceDefinition',
            metadata: { name: 'ingressroutes.traefik.io', annotations: { 'helm.sh/resource-policy': 'keep' } },
          },
        ],
        { nodes: off, before: subject({ version: release[34] }) },
        'live',
      ),
      objects(
        34,
        [
          {
            ...ingressRoute({}),
            metadata: { name: 'traefik-dashboard', labels: { 'helm.sh/chart': 'traefik-34.2.1' } },
          },
        ],
        { nodes: off, before: subject({ version: release[34] }) },
        'live',
      ),
    ],
  },
})

const everyRule = [...packagedRules.rules, ...traefikRules.rules]
const majors = Object.keys(release).map(Number) as readonly Major[]

test('a cluster of any era without anything of its own has no finding', () => {
  for (const major of majors) expect(runRules(everyRule, subject({ version: release[major] }))).toEqual([])
})

test('the fix for a redirection is right for its chart, and wrong for the eras beside it', () => {
  const redirect = traefikRules.rules.filter(({ id }) => id === 'trf-redirect-syntax' || id === 'trf-key-unknown')
  const accepted = majors
    .filter((major) => major !== 1)
    .map((major) => [
      major,
      majors.filter((other) => other !== 1 && runRules(redirect, values(other, redirectFragment(major))).length === 0),
    ])
  const name = [9, 10, 12, 19, 21]
  const table = [
    ...name.map((major) => [major, name]),
    [25, [25, 27]],
    [27, [25, 27]],
    [34, [34, 37, 38]],
    [37, [34, 37, 38]],
    [38, [34, 37, 38]],
    [39, [39, 40]],
    [40, [39, 40]],
  ]
  expect(accepted).toEqual(table)
})

test('the fix for a redirection is YAML that can be pasted', () => {
  for (const major of majors.filter((one) => one >= 21)) {
    const text = values(
      major,
      port('web', major < 25 ? { redirectTo: { port: 'websecure' } } : { redirectTo: 'websecure' }),
    )
    const [problem] = runRules(traefikRules.rules, text)
    expect(parse((problem?.fix ?? '').replace('write it as ', ''))).toEqual(redirectFragment(major))
  }
})

test('the dashboard of Traefik v1 is told what its own chart takes', () => {
  const [problem] = runRules(traefikRules.rules, values(1, { dashboard: { enabled: true } }))
  expect(problem?.fix).toContain('dashboard.auth.basic')
})

test('values that every chart takes are never complained about', () => {
  const portable = {
    deployment: { kind: 'DaemonSet' },
    service: {
      labels: { 'svccontroller.k3s.cattle.io/lbpool': 'edge' },
      spec: { externalTrafficPolicy: 'Local' },
    },
    additionalArguments: [
      '--entrypoints.web.http.redirections.entrypoint.to=websecure',
      '--entrypoints.web.http.redirections.entrypoint.scheme=https',
    ],
  }
  for (const major of majors.filter((one) => one !== 1)) {
    expect(runRules(traefikRules.rules, values(major, portable)), String(major)).toEqual([])
  }
})

test('a wrong key is told with the right one', () => {
  const cases: readonly (readonly [Major, Readonly<Record<string, unknown>>, string])[] = [
    [34, { additionalArgument: [] }, 'did you mean additionalArguments?'],
    [39, port('websecure', { tls: {} }), 'did you mean ports.websecure.http.tls?'],
    [34, { service: { externalTrafficPolicy: 'Local' } }, 'did you mean service.spec.externalTrafficPolicy?'],
    [21, { rollingUpdate: {} }, 'did you mean updateStrategy.rollingUpdate?'],
    [27, { image: { name: 'x' } }, 'did you mean image.repository?'],
    [34, { ssl: { enforced: true } }, 'did you mean ports.websecure?'],
    [34, { installCRDs: true }, 'leave it out: the chart traefik-crd of K3s installs the definitions'],
    [34, port('web', { exposePort: 80 }), 'did you mean ports.web.exposedPort?'],
    [
      34,
      port('web', { redirections: { entryPoint: { schem: 'https' } } }),
      'did you mean ports.web.redirections.entryPoint.scheme?',
    ],
    [40, { providers: { kubernetesIngressNginx: {} } }, 'did you mean providers.kubernetesIngressNGINX?'],
  ]
  for (const [major, text, fix] of cases) {
    expect(runRules(traefikRules.rules, values(major, text)).map((problem) => problem.fix)).toEqual([fix])
  }
})

test('what K3s itself once wrote stops no revision', () => {
  const severities = (text: Readonly<Record<string, unknown>>): string[] =>
    runRules(traefikRules.rules, values(27, text)).map(({ severity }) => severity)
  expect(severities({ podAnnotations: { a: 'b' } })).toEqual(['warning'])
  expect(severities({ podLabels: { a: 'b' } })).toEqual(['error'])
})

test('findings stand at the value in the documents', () => {
  const desired = desiredState({ components: { traefik: { values: { ports: { web: { redirectTo: 'websecure' } } } } } })
  const [problem] = runRules(traefikRules.rules, subject({ desired }))
  expect(problem?.place.file).toBe('clusters/home/network.yaml#spec.components.traefik.values.ports.web.redirectTo')
})

test('the chart that a machine has counts, and in a repository the one that the release will have', () => {
  const chart = helmChart('https://%{KUBERNETES_API}%/static/charts/traefik-27.0.201+up27.0.2.tgz')
  const old = config({ valuesContent: toYaml({ ports: { web: { redirectTo: { port: 'websecure' } } } }) })
  const codes = (scope: LintSubject['scope']): string[] =>
    runRules(
      traefikRules.rules,
      subject({ scope, version: release[34], objects: [object(chart, 'live'), object(old)] }),
    ).map(({ code }) => code)
  expect(codes('machine')).toEqual([])
  expect(codes('capture')).toEqual([])
  expect(codes('repository')).toEqual(['TRF_REDIRECT_SYNTAX'])
})

test("a Traefik of somebody's own is not judged by the packaged chart", () => {
  const own = { ...helmChart('traefik'), spec: { chart: 'traefik', repo: 'https://traefik.github.io/charts' } }
  const found = runRules(
    traefikRules.rules,
    objects(40, [own, config({ valuesContent: 'service: { type: NodePort }' })]),
  )
  expect(found).toEqual([])
})

test('whatever stands in objects and values, no rule throws', () => {
  const anything = fc.anything({ withNullPrototype: false, maxDepth: 4 })
  const text = fc.oneof(
    fc.string(),
    fc.jsonValue().map((value) => toYaml(value)),
    fc.constantFrom('ports:\n  web: [', '{{ x }}', '---\n---\na: 1', 'ports: null', 'additionalArguments: 7'),
  )
  const spec = fc.oneof(
    anything,
    text.map((valuesContent) => ({ valuesContent })),
    anything.map((values) => ({ values })),
  )
  const kinds = fc.constantFrom('HelmChart', 'HelmChartConfig', 'IngressRoute', 'Middleware', 'ConfigMap', 'Deployment')
  const names = fc.constantFrom('traefik', 'coredns', 'coredns-custom', 'x')
  const groups = fc.constantFrom('helm.cattle.io/v1', 'traefik.io/v1alpha1', 'v1')
  fc.assert(
    fc.property(
      fc.constantFrom(...majors),
      groups,
      kinds,
      names,
      spec,
      anything,
      (major, apiVersion, kind, name, given, data) => {
        const one = {
          apiVersion,
          kind,
          metadata: { name, namespace: 'kube-system' },
          spec: given,
          data,
        } as KubernetesObject
        expect(() =>
          runRules(everyRule, objects(major, [one], { before: objects(27, [one], {}, 'live') }, 'live')),
        ).not.toThrow()
      },
    ),
  )
})

import { expect, test } from 'vitest'
import { strayValues } from '../../../src/k3s/traefik/value-key.ts'
import { unreadValues } from '../../../src/k3s/traefik/value-tree.ts'

test('bounds decide by the major, and only the outermost stray key is told', () => {
  const keys = {
    old: { until: 20, instead: 'new' },
    new: { since: 21 },
    free: {},
    named: { each: { keys: { known: {}, moved: { until: 20, instead: 'named.*.known' } } } },
  }
  const values = { old: 1, new: { anything: 1 }, free: { a: { b: 1 } }, named: { x: { moved: 1, odd: { deep: 1 } } } }
  expect(strayValues(values, keys, 20)).toEqual([
    { path: ['new'], reason: 'not-yet', siblings: ['old', 'free', 'named'] },
    { path: ['named', 'x', 'odd'], reason: 'unknown', siblings: ['known', 'moved'] },
  ])
  expect(strayValues(values, keys, 21)).toEqual([
    { path: ['old'], reason: 'no-longer', instead: 'new', siblings: ['new', 'free', 'named'] },
    { path: ['named', 'x', 'moved'], reason: 'no-longer', instead: 'named.x.known', siblings: ['known'] },
    { path: ['named', 'x', 'odd'], reason: 'unknown', siblings: ['known'] },
  ])
})

test('names that every object has are keys like others', () => {
  const values = JSON.parse('{"constructor": 1, "toString": {"a": 1}, "__proto__": {"b": 1}}')
  expect(strayValues(values, { known: {} }, 1).map(({ path }) => path)).toEqual([
    ['constructor'],
    ['toString'],
    ['__proto__'],
  ])
})

test('what K3s itself sets is read by the chart that it sets it for', () => {
  const own = (major: number): Readonly<Record<string, unknown>> => ({
    deployment: { podAnnotations: { 'prometheus.io/port': '8082', 'prometheus.io/scrape': 'true' } },
    providers: { kubernetesIngress: { publishedService: { enabled: true } } },
    priorityClassName: 'system-cluster-critical',
    image: { [major < 21 ? 'name' : 'repository']: 'rancher/mirrored-library-traefik', tag: '3.3.2' },
    tolerations: [{ key: 'CriticalAddonsOnly', operator: 'Exists' }],
    service: major < 40 ? { ipFamilyPolicy: 'PreferDualStack' } : { spec: { ipFamilyPolicy: 'PreferDualStack' } },
    global: { systemDefaultRegistry: '' },
  })
  for (const major of [19, 20, 21, 25, 27, 34, 37, 38, 39, 40])
    expect(unreadValues(own(major), major), String(major)).toEqual([])
})

test('of charts whose tree is not known nothing is said', () => {
  for (const major of [1, 9, 10, 12, 18, 41]) expect(unreadValues({ nonsense: 1 }, major)).toEqual([])
})

test.each([
  ['image.name', { image: { name: 'x' } }, 19, 20],
  ['rollingUpdate', { rollingUpdate: {} }, 19, 19],
  ['updateStrategy', { updateStrategy: {} }, 20, 40],
  ['gateway', { gateway: {} }, 34, 40],
  ['api', { api: {} }, 37, 40],
  ['ports.x.tls', { ports: { x: { tls: {} } } }, 19, 38],
  ['ports.x.http.tls', { ports: { x: { http: { tls: {} } } } }, 39, 40],
  ['ports.x.http.sanitizePath', { ports: { x: { http: { sanitizePath: true } } } }, 38, 40],
  ['service.additionalServices', { service: { additionalServices: {} } }, 27, 40],
  ['providers.kubernetesIngressNGINX', { providers: { kubernetesIngressNGINX: {} } }, 40, 40],
] as const)('%s is read where its chart reads it', (_name, values, first, last) => {
  const majors = [19, 20, 21, 25, 27, 34, 37, 38, 39, 40]
  expect(majors.filter((major) => unreadValues(values, major).length === 0)).toEqual(
    majors.filter((major) => major >= first && major <= last),
  )
})

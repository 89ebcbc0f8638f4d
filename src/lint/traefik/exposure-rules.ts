import { supports } from '../../k3s/version/feature-gates.ts'
import { asRecord } from '../packaged/chart-overrides.ts'
import { isDisabled } from '../packaged/disabled-items.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { packagedTraefik, traefikValues } from './packaged-traefik.ts'
import { argumentsOf } from './static-arguments.ts'
import { listOf, routeEntryPoints, routesOf, traefikObjects } from './traefik-objects.ts'
import { valueAt } from './value-at.ts'

type Values = Readonly<Record<string, unknown>>

export const dashboardExposed: Rule = {
  id: 'trf-dashboard-exposed',
  severity: 'warning',
  title: 'the Traefik dashboard can be reached without a password',
  why: 'it shows every host name, route and backend address of the cluster to whoever reaches the port',
  fix: 'name a Secret with users in spec.components.traefik.dashboard.basicAuthSecret, or put an authenticating Middleware at the route',
  versions: 'every version',
  looksAt: ['manifests', 'live'],
  sources: ['traefik/traefik docs/content/operations/dashboard.md'],
  check(subject) {
    return [...exposedByDocuments(subject), ...exposedByRoutes(subject), ...exposedByValues(subject)]
  },
}

export const metricsExposed: Rule = {
  id: 'trf-metrics-exposed',
  severity: 'warning',
  title: 'the metrics of Traefik are a port of its Service',
  why: 'whoever reaches the load balancer reads host names and traffic of every route',
  fix: 'leave ports.metrics.expose off; Prometheus reaches the pods without it',
  versions: '1.21 and later',
  looksAt: ['manifests', 'live'],
  sources: ['traefik/traefik-helm-chart traefik/values.yaml'],
  check(subject) {
    const traefik = packagedTraefik(subject)
    if (traefik === undefined || traefik.chartMajor < 9) return []
    return traefikValues(subject).flatMap(({ value, from }): Finding[] =>
      isExposed(value, 'metrics')
        ? [{ at: from.place(['ports', 'metrics', 'expose']), what: 'ports.metrics is exposed' }]
        : [],
    )
  },
}

function exposedByDocuments(subject: LintSubject): Finding[] {
  const { desired } = subject
  if (desired === undefined) return []
  const { traefik, helmController } = desired.cluster.spec.components
  const { enabled, dashboard } = traefik
  if (!enabled || dashboard === undefined || !dashboard.enabled || dashboard.basicAuthSecret !== undefined) return []
  // Without charts no route is rendered; Traefik v1 makes its own from values, which HelmChartConfigs bring.
  if (!helmController.enabled || isDisabled(subject, 'traefik')) return []
  if (subject.version !== undefined && !supports('helm-chart-config', subject.version)) return []
  const at = desired.places.clusterPlace(['spec', 'components', 'traefik', 'dashboard'])
  return [{ at, what: `the dashboard answers at ${dashboard.host} without a password` }]
}

function exposedByRoutes(subject: LintSubject): Finding[] {
  return traefikObjects(subject, 'IngressRoute').flatMap((object): Finding[] => {
    // The documents speak for what is rendered from them.
    if (object.origin === 'rendered' && subject.desired !== undefined) return []
    const entryPoints = routeEntryPoints(object)
    if (entryPoints?.every((name) => name === 'traefik') === true) return []
    return routesOf(object).flatMap((route): Finding[] => {
      if (!route.services.includes('api@internal') || route.middlewares.length > 0) return []
      return [
        {
          at: object.place(['spec', 'routes', route.index]),
          what: `IngressRoute ${object.object.metadata.name} leads to api@internal without a Middleware`,
        },
      ]
    })
  })
}

function exposedByValues(subject: LintSubject): Finding[] {
  const traefik = packagedTraefik(subject)
  if (traefik === undefined) return []
  return traefikValues(subject).flatMap(({ value, from }): Finding[] => {
    if (traefik.chartMajor < 9) return version1Dashboard(value, from.place(['dashboard']))
    const found: Finding[] = []
    const route = asRecord(valueAt(value, ['ingressRoute', 'dashboard']))
    const hasRoute = route['enabled'] === true || (traefik.chartMajor < 29 && route['enabled'] !== false)
    const isProtected = listOf(route['middlewares']).length > 0
    if (isExposed(value, 'traefik') && hasRoute && !isProtected) {
      found.push({
        at: from.place(['ports', 'traefik', 'expose']),
        what: 'ports.traefik is exposed, and the dashboard on it',
      })
    }
    const insecure = insecureAt(value)
    if (insecure !== undefined) {
      found.push({
        at: from.place(insecure),
        what: `${insecure[0] === 'api' ? 'api.insecure' : '--api.insecure'} opens the dashboard on the entry point traefik without a password`,
        why: 'every pod of the cluster reaches that port, and whoever else it is exposed to',
        fix: 'leave it out, and put an IngressRoute to api@internal behind an authenticating Middleware',
      })
    }
    const entryPoints = listOf(route['entryPoints'])
    if (hasRoute && !isProtected && entryPoints.some((name) => name !== 'traefik')) {
      found.push({
        at: from.place(['ingressRoute', 'dashboard', 'entryPoints']),
        what: `the dashboard route is on ${entryPoints.map(String).join(', ')} without a Middleware`,
      })
    }
    return found
  })
}

function version1Dashboard(values: Values, at: Finding['at']): Finding[] {
  if (valueAt(values, ['dashboard', 'enabled']) !== true) return []
  const hasUsers = Object.keys(asRecord(valueAt(values, ['dashboard', 'auth', 'basic']))).length > 0
  const annotations = asRecord(valueAt(values, ['dashboard', 'ingress', 'annotations']))
  if (hasUsers || annotations['traefik.ingress.kubernetes.io/auth-type'] !== undefined) return []
  return [
    {
      at,
      what: 'dashboard is enabled without dashboard.auth',
      fix: 'name a Secret with users in spec.components.traefik.dashboard.basicAuthSecret, or write hashed passwords into dashboard.auth.basic',
    },
  ]
}

function isExposed(values: Values, entryPoint: string): boolean {
  const expose = valueAt(values, ['ports', entryPoint, 'expose'])
  return expose === true || asRecord(expose)['default'] === true
}

/** Where the API is opened to everybody: a value, or an argument. */
function insecureAt(values: Values): readonly (string | number)[] | undefined {
  if (valueAt(values, ['api', 'insecure']) === true) return ['api', 'insecure']
  const found = argumentsOf(values).find(
    ({ argument }) =>
      argument?.path.join('.') === 'api.insecure' &&
      (argument.value === undefined || argument.value.toLowerCase() === 'true'),
  )
  return found === undefined ? undefined : ['additionalArguments', found.index]
}

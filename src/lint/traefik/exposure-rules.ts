import { asRecord } from '../packaged/chart-overrides.ts'
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
  sources: ['traefik/traefik docs/content/operations/dashboard.md', 'k3s-networking §7.7'],
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
    if (packagedTraefik(subject) === undefined) return []
    return traefikValues(subject).flatMap(({ value, from }): Finding[] =>
      isExposed(value, 'metrics')
        ? [{ at: from.place(['ports', 'metrics', 'expose']), what: 'ports.metrics is exposed' }]
        : [],
    )
  },
}

function exposedByDocuments({ desired }: LintSubject): Finding[] {
  if (desired === undefined) return []
  const { enabled, dashboard } = desired.cluster.spec.components.traefik
  if (!enabled || dashboard === undefined || !dashboard.enabled || dashboard.basicAuthSecret !== undefined) return []
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
    if (isExposed(value, 'traefik') && ((hasRoute && !isProtected) || isInsecure(value))) {
      found.push({
        at: from.place(['ports', 'traefik', 'expose']),
        what: 'ports.traefik is exposed, and the dashboard on it',
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
  return [{ at, what: 'dashboard is enabled without dashboard.auth' }]
}

function isExposed(values: Values, entryPoint: string): boolean {
  const expose = valueAt(values, ['ports', entryPoint, 'expose'])
  return expose === true || asRecord(expose)['default'] === true
}

function isInsecure(values: Values): boolean {
  return (
    valueAt(values, ['api', 'insecure']) === true ||
    argumentsOf(values).some(
      ({ argument }) =>
        argument?.path.join('.') === 'api.insecure' &&
        (argument.value === undefined || argument.value.toLowerCase() === 'true'),
    )
  )
}

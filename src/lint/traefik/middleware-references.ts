import { asRecord, chartsOf, isPackagedTraefik } from '../packaged/chart-overrides.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, ObjectSubject } from '../subject.ts'
import { packagedTraefik, traefikValues } from './packaged-traefik.ts'
import { argumentsOf } from './static-arguments.ts'
import { listOf, type MiddlewareReference, namespaceOf, routesOf, traefikObjects } from './traefik-objects.ts'
import { valueAt } from './value-at.ts'

export const middlewareReference: Rule = {
  id: 'trf-middleware-ref',
  severity: 'error',
  title: 'a route names a Middleware, or a Middleware a Secret, that is not where it is looked for',
  why: 'Traefik takes the whole route out: requests get 404, or come through without the protection that was meant',
  fix: 'name the namespace at the reference, or put both into one namespace',
  versions: 'every version',
  looksAt: ['manifests', 'live'],
  sources: ['traefik/traefik docs/content/routing/providers/kubernetes-crd.md'],
  check(subject) {
    return [...missingMiddlewares(subject), ...crossNamespace(subject), ...missingSecrets(subject)]
  },
}

function missingMiddlewares(subject: LintSubject): Finding[] {
  const middlewares = traefikObjects(subject, 'Middleware')
  return references(subject).flatMap(({ route, reference, at, namespace }): Finding[] => {
    const sameName = middlewares.filter(({ object }) => object.metadata.name === reference.name)
    if (sameName.some((middleware) => namespaceOf(middleware) === namespace)) return []
    const what = `IngressRoute ${route.object.metadata.name} names the Middleware ${namespace}/${reference.name}`
    const [elsewhere] = sameName
    if (elsewhere !== undefined) {
      const other = namespaceOf(elsewhere)
      return [{ at, what: `${what}, and the one of that name is in ${other}`, fix: `write namespace: ${other} at it` }]
    }
    // Only who has seen the cluster's own Middlewares knows that there is none.
    return hasSeenTraefikObjects(subject)
      ? [{ at, what: `${what}, which does not exist`, fix: 'make the Middleware, or take the reference away' }]
      : []
  })
}

function crossNamespace(subject: LintSubject): Finding[] {
  const traefik = packagedTraefik(subject)
  // Traefik 2.4, in K3s 1.21.0 with chart 9, still followed such references without being asked to.
  if (traefik === undefined || traefik.chartMajor < 10 || allowsCrossNamespace(subject)) return []
  return references(subject).flatMap(({ route, reference, at, namespace }): Finding[] => {
    if (namespace === namespaceOf(route)) return []
    return [
      {
        at,
        what: `IngressRoute ${namespaceOf(route)}/${route.object.metadata.name} names the Middleware ${reference.name} of the namespace ${namespace}`,
        why: 'Traefik follows no reference into another namespace unless it is told to, and takes the route out',
        fix: 'set providers.kubernetesCRD.allowCrossNamespace: true in the values of Traefik, or make the Middleware beside the route',
      },
    ]
  })
}

function missingSecrets(subject: LintSubject): Finding[] {
  const secrets = subject.objects.filter(({ object }) => object.kind === 'Secret')
  return traefikObjects(subject, 'Middleware').flatMap((middleware) =>
    ['basicAuth', 'digestAuth'].flatMap((kind): Finding[] => {
      const name = valueAt(middleware.object, ['spec', kind, 'secret'])
      if (typeof name !== 'string') return []
      const at = middleware.place(['spec', kind, 'secret'])
      const sameName = secrets.filter(({ object }) => object.metadata.name === name)
      const beside = sameName.find((secret) => namespaceOf(secret) === namespaceOf(middleware))
      const what = `Middleware ${middleware.object.metadata.name} takes its users from the Secret ${name}`
      if (beside !== undefined) {
        return hasUsers(beside)
          ? []
          : [{ at, what: `${what}, which has no key users`, fix: 'put htpasswd lines under the key users' }]
      }
      const [elsewhere] = sameName
      if (elsewhere === undefined) return []
      return [
        {
          at,
          what: `${what}, and the one of that name is in ${namespaceOf(elsewhere)}`,
          fix: `make the Secret in ${namespaceOf(middleware)}`,
        },
      ]
    }),
  )
}

interface Reference {
  readonly route: ObjectSubject
  readonly reference: MiddlewareReference
  readonly namespace: string
  readonly at: Finding['at']
}

function references(subject: LintSubject): Reference[] {
  return traefikObjects(subject, 'IngressRoute').flatMap((route) =>
    routesOf(route).flatMap((one) =>
      one.middlewares
        // `auth@file` belongs to another provider.
        .filter(({ name }) => !name.includes('@'))
        .map((reference) => ({
          route,
          reference,
          namespace: reference.namespace ?? namespaceOf(route),
          at: route.place(['spec', 'routes', one.index, 'middlewares', reference.index]),
        })),
    ),
  )
}

function allowsCrossNamespace(subject: LintSubject): boolean {
  // What stands in a Secret is not known.
  const hidden = chartsOf(subject).some(
    (chart) => isPackagedTraefik(chart) && listOf(chart.spec['valuesSecrets']).length > 0,
  )
  return (
    hidden ||
    traefikValues(subject).some(
      ({ value }) =>
        valueAt(value, ['providers', 'kubernetesCRD', 'allowCrossNamespace']) === true ||
        argumentsOf(value).some(
          ({ argument }) =>
            argument?.path.join('.') === 'providers.kubernetescrd.allowcrossnamespace' &&
            (argument.value === undefined || argument.value.toLowerCase() === 'true'),
        ),
    )
  )
}

function hasSeenTraefikObjects({ facts, objects }: LintSubject): boolean {
  if (facts.objects === undefined) return false
  const living = objects.flatMap(({ object, origin }) => (origin === 'live' ? [object] : []))
  return [...facts.objects, ...living].some(({ apiVersion }) => /^traefik\./.test(String(apiVersion)))
}

/** Encrypted keys keep their names. */
function hasUsers({ object }: ObjectSubject): boolean {
  if (object['type'] === 'kubernetes.io/basic-auth') return true
  const keys = [...Object.keys(asRecord(object['data'])), ...Object.keys(asRecord(object['stringData']))]
  return keys.length === 0 || keys.includes('users')
}

import { traefikApiVersion, traefikGroupOf, traefikGroups } from '../../k3s/traefik/crd-groups.ts'
import { oldRuleParts } from '../../k3s/traefik/rule-syntax.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { packagedTraefik, traefikValues } from './packaged-traefik.ts'
import { argumentsOf } from './static-arguments.ts'
import { routesOf, traefikObjects } from './traefik-objects.ts'
import { valueAt } from './value-at.ts'

export const crdGroup: Rule = {
  id: 'trf-crd-group',
  severity: 'error',
  title: 'a Traefik object in an API group that this Traefik does not have',
  why: 'the API server has no such kind, or Traefik does not look at it; a manifest with it fails as a whole',
  fix: 'write it in the API group of this release',
  versions:
    'traefik.containo.us from 1.21 on below 1.32.2, traefik.io from 1.25.15+k3s2 / 1.26.10+k3s2 / 1.27.7+k3s2 / 1.28.3+k3s2 on',
  looksAt: ['manifests', 'live'],
  sources: ['traefik/traefik docs/content/migrate/v2-to-v3-details.md'],
  check(subject) {
    const traefik = packagedTraefik(subject)
    if (traefik === undefined) return []
    const groups = traefikGroups(traefik.chartMajor)
    const right = traefikApiVersion(traefik.chartMajor)
    return traefikObjects(subject).flatMap((object): Finding[] => {
      const { apiVersion, kind, metadata } = object.object
      const group = traefikGroupOf(String(apiVersion))
      if (group === undefined || groups.includes(group)) return []
      const what = `${kind} ${metadata.name} is of ${group}, which ${traefik.title} does not have`
      const fix = right === undefined ? 'use an Ingress, or upgrade K3s' : `write apiVersion: ${right}`
      return [{ at: object.place(['apiVersion']), what, fix }]
    })
  },
}

export const oldRouteSyntax: Rule = {
  id: 'trf-v2-v3-upgrade',
  severity: 'warning',
  title: 'a router rule or a middleware of Traefik v2 under Traefik v3',
  why: 'Traefik v3 reads rules differently: a router with an old one answers nothing, or something else',
  fix: 'rewrite the rule, or set syntax: v2 at the route until it is rewritten',
  versions: '1.32.2 and later',
  looksAt: ['manifests', 'live', 'before'],
  sources: ['traefik/traefik docs/content/migrate/v2-to-v3-details.md'],
  check(subject) {
    const traefik = packagedTraefik(subject)
    if (traefik === undefined || traefik.chartMajor < 28) return []
    const before = subject.before === undefined ? undefined : packagedTraefik(subject.before)
    const step = before !== undefined && before.chartMajor < 28 ? 'with this upgrade ' : ''
    const keepsOldSyntax = hasOldDefaultSyntax(subject)
    return traefikObjects(subject).flatMap((object): Finding[] => {
      const { kind, metadata } = object.object
      if (kind === 'Middleware') {
        if (valueAt(object.object, ['spec', 'ipWhiteList']) === undefined) return []
        const what = `Middleware ${metadata.name} has ipWhiteList, which ${step}Traefik v3 no longer knows`
        return [{ at: object.place(['spec', 'ipWhiteList']), what, fix: 'write ipAllowList' }]
      }
      if (kind !== 'IngressRoute' && kind !== 'IngressRouteTCP') return []
      return routesOf(object).flatMap((route): Finding[] => {
        if (route.syntax === 'v2' || (keepsOldSyntax && route.syntax !== 'v3')) return []
        return oldRuleParts(route.match).map(({ what, instead }) => ({
          at: object.place(['spec', 'routes', route.index, 'match']),
          what: `the rule of ${kind} ${metadata.name} has ${what}, which ${step}Traefik v3 reads differently`,
          fix: `use ${instead}, or set syntax: v2 at the route until it is rewritten`,
        }))
      })
    })
  },
}

function hasOldDefaultSyntax(subject: LintSubject): boolean {
  const values = traefikValues(subject)
  return (
    values.some(({ value }) => valueAt(value, ['core', 'defaultRuleSyntax']) === 'v2') ||
    values.some(({ value }) =>
      argumentsOf(value).some(
        ({ argument }) => argument?.path.join('.') === 'core.defaultrulesyntax' && argument.value === 'v2',
      ),
    )
  )
}

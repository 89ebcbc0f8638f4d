import { baseTolerationKeys } from '../../k3s/traefik/base-tolerations.ts'
import {
  copiedFromK3s,
  placeOfMovedValue,
  reasonOfDeadValue,
  valuesAfterVersion1,
} from '../../k3s/traefik/moved-values.ts'
import type { StrayValue } from '../../k3s/traefik/value-key.ts'
import { unreadValues } from '../../k3s/traefik/value-tree.ts'
import { closestWord } from '../../text/suggest.ts'
import { asRecord, isRecord } from '../packaged/chart-overrides.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { packagedTraefik, traefikValues } from './packaged-traefik.ts'
import { valueAt } from './value-at.ts'

const sources = ['k3s-io/k3s-charts packages/traefik']

export const keyUnknown: Rule = {
  id: 'trf-key-unknown',
  severity: 'error',
  title: 'a value that the packaged Traefik chart does not read',
  why: 'K3s takes the schema out of the chart, so what no template reads is ignored without a word',
  fix: 'look the key up in the values of this chart version, or leave it out',
  versions: 'by the chart of the release; up to 1.20, and 1.24.8 / 1.25.4 to 1.37',
  looksAt: ['manifests', 'live'],
  sources,
  check(subject) {
    const traefik = packagedTraefik(subject)
    if (traefik === undefined) return []
    const { chartMajor, title } = traefik
    return traefikValues(subject).flatMap(({ value, from }) => {
      const stray = chartMajor < 9 ? valuesOfLaterCharts(value) : unreadValues(value, chartMajor)
      return stray.map((one): Finding => {
        const name = one.path.join('.')
        const at = from.place(one.path)
        if (one.reason !== 'no-mapping') {
          const finding = { at, what: `${title} does not read ${name}`, ...strayFix(one, name) }
          return copiedFromK3s.has(name) ? { ...finding, severity: 'warning' } : finding
        }
        return {
          at,
          what: `${name} is no mapping, and ${title} has one there`,
          why: 'Helm drops the value and keeps what the chart says',
          fix:
            name === 'ports'
              ? 'write every entry point as a key: web: { port: 8000 }'
              : 'write the fields as keys below it',
        }
      })
    })
  },
}

function valuesOfLaterCharts(values: Readonly<Record<string, unknown>>): StrayValue[] {
  return Object.keys(values).flatMap((key): StrayValue[] => {
    if (!Object.hasOwn(valuesAfterVersion1, key)) return []
    const instead = valuesAfterVersion1[key]
    return [{ path: [key], reason: 'not-yet', siblings: [], ...(instead === undefined ? {} : { instead }) }]
  })
}

function strayFix(stray: StrayValue, name: string): { readonly fix?: string } {
  const dead = reasonOfDeadValue(name)
  if (dead !== undefined) return { fix: `leave it out: ${dead}` }
  const instead = stray.instead ?? placeOfMovedValue(name)
  if (instead !== undefined) return { fix: `did you mean ${instead}?` }
  if (stray.reason !== 'unknown') return {}
  const word = closestWord(stray.path.at(-1) ?? '', stray.siblings)
  return word === undefined ? {} : { fix: `did you mean ${[...stray.path.slice(0, -1), word].join('.')}?` }
}

export const imageRegistry: Rule = {
  id: 'trf-image-registry',
  severity: 'warning',
  title: 'a registry for the image of the packaged Traefik',
  why: 'the packaged chart takes the registry from global.systemDefaultRegistry, which K3s sets itself and which nothing overrides',
  fix: 'use the flag system-default-registry, or write the registry into image.repository',
  versions: 'every version',
  looksAt: ['manifests', 'live'],
  sources,
  check(subject) {
    const traefik = packagedTraefik(subject)
    if (traefik === undefined || traefik.chartMajor < 9) return []
    return traefikValues(subject).flatMap(({ value, from }) =>
      [
        ['image', 'registry'],
        ['global', 'systemDefaultRegistry'],
      ].flatMap((path): Finding[] => {
        const written = valueAt(value, path)
        if (written === undefined || written === null || written === '') return []
        return [{ at: from.place(path), what: `${traefik.title} does not take ${path.join('.')} from an override` }]
      }),
    )
  },
}

export const listsReplace: Rule = {
  id: 'trf-lists-replace',
  severity: 'warning',
  title: 'tolerations of the packaged Traefik without those that K3s gives it',
  why: 'lists are replaced and not merged: Traefik may no longer run on servers, or on nodes for critical add-ons',
  fix: 'repeat the tolerations of K3s in the list',
  versions: '1.21 and later',
  looksAt: ['manifests', 'live'],
  sources: ['k3s-io/k3s manifests/traefik.yaml'],
  check(subject) {
    const traefik = packagedTraefik(subject)
    if (traefik === undefined || traefik.chartMajor < 9) return []
    return traefikValues(subject).flatMap(({ value, from }): Finding[] => {
      const { tolerations } = value
      if (!Array.isArray(tolerations)) return []
      const items = tolerations.map(asRecord)
      // Without a key and with Exists it tolerates every taint.
      if (items.some(({ key, operator }) => (key === undefined || key === '') && operator === 'Exists')) return []
      const missing = baseTolerationKeys.filter((key) => !items.some((item) => item['key'] === key))
      if (missing.length === 0) return []
      return [{ at: from.place(['tolerations']), what: `tolerations leave out ${missing.join(' and ')}` }]
    })
  },
}

export const dashboardDefault: Rule = {
  id: 'trf-dashboard-default',
  severity: 'warning',
  title: 'options for a dashboard route that the chart no longer makes by itself',
  why: 'from chart 29 on ingressRoute.dashboard is off until it is enabled',
  fix: 'write ingressRoute.dashboard.enabled: true, or use spec.components.traefik.dashboard',
  versions: '1.32.2 and later',
  looksAt: ['manifests', 'live'],
  sources,
  check(subject) {
    const traefik = packagedTraefik(subject)
    if (traefik === undefined || traefik.chartMajor < 29) return []
    const all = traefikValues(subject)
    const isEnabled = all.some(({ value }) => valueAt(value, ['ingressRoute', 'dashboard', 'enabled']) === true)
    const isOff = all.some(({ value }) => valueAt(value, ['ingressRoute', 'dashboard', 'enabled']) === false)
    if (isEnabled || isOff) return deadDashboard(subject)
    const unrouted = all.flatMap(({ value, from }): Finding[] => {
      const route = valueAt(value, ['ingressRoute', 'dashboard'])
      if (!isRecord(route) || Object.keys(route).length === 0) return []
      const written = Object.keys(route).sort().join(', ')
      return [
        {
          at: from.place(['ingressRoute', 'dashboard']),
          what: `ingressRoute.dashboard has ${written} and is not enabled, and ${traefik.title} leaves it off`,
        },
      ]
    })
    return [...unrouted, ...deadDashboard(subject)]
  },
}

/** A route of the documents to a dashboard that the values turn off. */
function deadDashboard(subject: LintSubject): Finding[] {
  const { enabled, dashboard } = subject.desired?.cluster.spec.components.traefik ?? { enabled: false }
  if (!enabled || dashboard?.enabled !== true) return []
  return traefikValues(subject).flatMap(({ value, from }): Finding[] =>
    valueAt(value, ['api', 'dashboard']) === false
      ? [
          {
            at: from.place(['api', 'dashboard']),
            what: `the dashboard has a route at ${dashboard.host}, and api.dashboard is off`,
            why: 'the route answers 404',
            fix: 'take api.dashboard: false away, or the dashboard',
          },
        ]
      : [],
  )
}

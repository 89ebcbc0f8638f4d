import {
  chartEntryPoints,
  parseStaticArgument,
  removedArgument,
  type StaticArgument,
} from '../../k3s/traefik/static-arguments.ts'
import { closestWord } from '../../text/suggest.ts'
import { asRecord } from '../packaged/chart-overrides.ts'
import type { Finding, Rule } from '../rule.ts'
import { packagedTraefik, traefikValues } from './packaged-traefik.ts'
import { listOf } from './traefik-objects.ts'

interface WrittenArgument {
  readonly index: number
  /** Absent where the text is no argument. */
  readonly argument?: StaticArgument
}

/** `additionalArguments` in their order. A word behind an argument without `=` is taken for its value. */
export function argumentsOf(values: Readonly<Record<string, unknown>>): readonly WrittenArgument[] {
  let isValueNext = false
  return listOf(values['additionalArguments']).flatMap((text, index): WrittenArgument[] => {
    const argument = typeof text === 'string' ? parseStaticArgument(text.trim()) : undefined
    const isValue = typeof text === 'string' && !text.startsWith('-') && !looksLikeArgument.test(text)
    if (argument === undefined && isValueNext && isValue) {
      isValueNext = false
      return []
    }
    isValueNext = argument !== undefined && argument.value === undefined
    return [{ index, ...(argument === undefined ? {} : { argument }) }]
  })
}

/** `log.level=DEBUG`: a name with its value, and only the dashes are missing. */
const looksLikeArgument = /^[A-Za-z]\w*(\.[\w-]+)+=/

const sources = ['traefik/traefik docs/content/reference/static-configuration/cli-ref.md']

export const argumentShape: Rule = {
  id: 'trf-argument-shape',
  severity: 'warning',
  title: 'an argument that Traefik does not understand',
  why: 'Traefik does not start with an argument that it cannot read',
  fix: 'write --name=value, one in each item',
  versions: '1.21 and later',
  looksAt: ['manifests', 'live'],
  sources,
  check(subject) {
    const traefik = packagedTraefik(subject)
    if (traefik === undefined || traefik.chartMajor < 9) return []
    return traefikValues(subject).flatMap(({ value, from }): Finding[] => {
      const written = value['additionalArguments']
      if (written === undefined || written === null) return []
      if (!Array.isArray(written)) {
        return [{ at: from.place(['additionalArguments']), what: 'additionalArguments is not a list' }]
      }
      return argumentsOf(value)
        .filter(({ argument }) => argument === undefined)
        .map(({ index }) => ({
          at: from.place(['additionalArguments', index]),
          what: `item ${index + 1} of additionalArguments is not of the form --name=value`,
        }))
    })
  },
}

export const argumentEntryPoint: Rule = {
  id: 'trf-argument-entrypoint',
  severity: 'warning',
  title: 'an argument for an entry point that does not exist',
  why: 'Traefik does not start with an entry point that has no address, and cannot redirect to one that is not there',
  fix: 'name an entry point of the chart or one below ports',
  versions: '1.21 and later',
  looksAt: ['manifests', 'live'],
  sources: ['traefik/traefik docs/content/routing/entrypoints.md'],
  check(subject) {
    const traefik = packagedTraefik(subject)
    if (traefik === undefined || traefik.chartMajor < 9) return []
    const values = traefikValues(subject)
    const known = entryPointsOf(values.map(({ value }) => value))
    return values.flatMap(({ value, from }) =>
      argumentsOf(value).flatMap(({ argument, index }): Finding[] => {
        const missing = argument === undefined ? undefined : missingEntryPoint(argument, known)
        if (missing === undefined) return []
        const meant = closestWord(missing, known)
        return [
          {
            at: from.place(['additionalArguments', index]),
            what: `there is no entry point ${JSON.stringify(missing)}`,
            ...(meant === undefined ? {} : { fix: `did you mean ${meant}?` }),
          },
        ]
      }),
    )
  },
}

/** In lower case: those of the chart, those below `ports`, and those that an argument gives an address. */
function entryPointsOf(values: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return [
    ...chartEntryPoints,
    ...values.flatMap((value) => Object.keys(asRecord(value['ports'])).map((name) => name.toLowerCase())),
    ...values.flatMap((value) =>
      argumentsOf(value).flatMap(({ argument }) => {
        const [group, name, option] = argument?.path ?? []
        return group === 'entrypoints' && name !== undefined && option === 'address' ? [name] : []
      }),
    ),
  ]
}

export const dashboardEntryPoint: Rule = {
  id: 'trf-dashboard-entrypoint',
  severity: 'warning',
  title: 'a dashboard on an entry point that Traefik does not have',
  why: 'Traefik leaves out a route whose entry points do not exist, and the dashboard answers nowhere',
  fix: 'name an entry point of the chart (web, websecure) or one below ports',
  versions: '1.21 and later',
  looksAt: [],
  sources: ['traefik/traefik docs/content/routing/routers/index.md'],
  check(subject) {
    const traefik = packagedTraefik(subject)
    const { desired } = subject
    if (desired === undefined || traefik === undefined || traefik.chartMajor < 9) return []
    const { enabled, dashboard, valuesFrom } = desired.cluster.spec.components.traefik
    // What a Secret adds to the values is not known.
    if (!enabled || dashboard?.enabled !== true || valuesFrom.length > 0) return []
    const known = entryPointsOf(traefikValues(subject).map(({ value }) => value))
    return dashboard.entryPoints.flatMap((name, index): Finding[] => {
      if (known.includes(name.toLowerCase())) return []
      const at = desired.places.clusterPlace(['spec', 'components', 'traefik', 'dashboard', 'entryPoints', index])
      const meant = meantEntryPoints[name] ?? closestWord(name, known)
      const what = `there is no entry point ${JSON.stringify(name)} for the dashboard`
      return [{ at, what, ...(meant === undefined ? {} : { fix: `did you mean ${meant}?` }) }]
    })
  },
}

/** As Traefik v1, and many a guide, calls them. */
const meantEntryPoints: Readonly<Record<string, string>> = { http: 'web', https: 'websecure' }

function missingEntryPoint({ path, value }: StaticArgument, known: readonly string[]): string | undefined {
  const [group, name, ...option] = path
  if (group !== 'entrypoints' || name === undefined) return undefined
  if (!known.includes(name)) return name
  if (option.join('.') !== 'http.redirections.entrypoint.to' || value === undefined) return undefined
  // A target can be a port: `:443`.
  return value.startsWith(':') || known.includes(value.toLowerCase()) ? undefined : value
}

export const argumentRemoved: Rule = {
  id: 'trf-argument-removed',
  severity: 'error',
  title: 'an argument that Traefik v3 no longer has',
  why: 'Traefik v3 does not start with it',
  fix: 'leave it out',
  versions: '1.32.2 and later',
  looksAt: ['manifests', 'live'],
  sources: ['traefik/traefik docs/content/migrate/v2-to-v3-details.md'],
  check(subject) {
    const traefik = packagedTraefik(subject)
    if (traefik === undefined || traefik.chartMajor < 28) return []
    return traefikValues(subject).flatMap(({ value, from }) =>
      argumentsOf(value).flatMap(({ argument, index }): Finding[] => {
        const removed = argument === undefined ? undefined : removedArgument(argument)
        if (removed === undefined) return []
        const what = `--${removed.option} is gone in Traefik v3`
        return [{ at: from.place(['additionalArguments', index]), what, fix: removed.instead }]
      }),
    )
  },
}

import { redirectFragment, redirectShape } from '../../k3s/traefik/redirect-shape.ts'
import { isRecord } from '../packaged/chart-overrides.ts'
import type { Finding, Rule } from '../rule.ts'
import { packagedTraefik, traefikValues } from './packaged-traefik.ts'
import { entryPointsIn, valueAt } from './value-at.ts'

const sources = ['k3s-io/k3s-charts packages/traefik', 'traefik/traefik-helm-chart traefik/Changelog.md']

export const redirectSyntax: Rule = {
  id: 'trf-redirect-syntax',
  severity: 'error',
  title: 'a redirection in a spelling of another chart',
  why: 'the packaged chart has no schema: it ignores the value without a word, and requests are no longer redirected',
  fix: 'write it as this chart takes it',
  versions: 'by the chart of the release',
  looksAt: ['manifests', 'live'],
  sources,
  check(subject) {
    const traefik = packagedTraefik(subject)
    const shape = traefik === undefined ? undefined : redirectShape(traefik.chartMajor)
    if (traefik === undefined || shape === undefined) return []
    const fix = `write it as ${flowText(redirectFragment(traefik.chartMajor))}`
    return traefikValues(subject).flatMap(({ value, from }) =>
      entryPointsIn(value).flatMap((port): Finding[] =>
        redirectsIn(port.value).flatMap(({ path, form }): Finding[] => {
          const isRight = path.join('.') === shape.path.join('.') && form === shape.form
          if (isRight) return []
          const at = from.place(['ports', port.name, ...path])
          const spelled = `ports.${port.name}.${path.join('.')}`
          const refuses =
            path[0] === 'redirectTo' && shape.fails.includes(form === 'name' ? 'redirectTo-name' : 'redirectTo-map')
          const what = `${traefik.title} does not take ${spelled}${form === 'name' ? ' as a name' : ''}`
          return [
            refuses ? { at, what, fix, why: 'its templates fail, and the chart is not upgraded' } : { at, what, fix },
          ]
        }),
      ),
    )
  },
}

/** YAML on one line, as it can be pasted; of texts that need no quotes. */
function flowText(value: unknown): string {
  if (!isRecord(value)) return String(value)
  return `{ ${Object.entries(value)
    .map(([key, below]) => `${key}: ${flowText(below)}`)
    .join(', ')} }`
}

interface WrittenRedirect {
  readonly path: readonly string[]
  readonly form: 'name' | 'port-map' | 'entry-point-map'
}

function redirectsIn(port: Readonly<Record<string, unknown>>): WrittenRedirect[] {
  const found: WrittenRedirect[] = []
  const { redirectTo } = port
  if (typeof redirectTo === 'string' && redirectTo !== '') found.push({ path: ['redirectTo'], form: 'name' })
  if (isRecord(redirectTo) && Object.keys(redirectTo).length > 0) found.push({ path: ['redirectTo'], form: 'port-map' })
  for (const path of [
    ['redirections', 'entryPoint'],
    ['http', 'redirections', 'entryPoint'],
  ]) {
    const value = valueAt(port, path)
    if (isRecord(value) && Object.keys(value).length > 0) found.push({ path, form: 'entry-point-map' })
  }
  return found
}

export const exposeShape: Rule = {
  id: 'trf-expose-shape',
  severity: 'error',
  title: 'expose in the shape of another chart',
  why: 'the templates of the chart fail, and it is not upgraded',
  fix: 'write expose: true up to chart 26, and expose: { default: true } from chart 27 on',
  versions: 'by the chart of the release',
  looksAt: ['manifests', 'live'],
  sources,
  check(subject) {
    const traefik = packagedTraefik(subject)
    if (traefik === undefined || traefik.chartMajor < 9) return []
    const wantsMap = traefik.chartMajor >= 27
    return traefikValues(subject).flatMap(({ value, from }) =>
      entryPointsIn(value).flatMap((port): Finding[] => {
        const { expose } = port.value
        const isWrong = wantsMap ? typeof expose === 'boolean' : isRecord(expose)
        if (!isWrong) return []
        const what = `${traefik.title} takes ${wantsMap ? 'a mapping' : 'true or false'} for ports.${port.name}.expose`
        const fix = wantsMap ? `write expose: { default: ${String(expose)} }` : 'write expose: true, or expose: false'
        return [{ at: from.place(['ports', port.name, 'expose']), what, fix }]
      }),
    )
  },
}

/** Keys of `service` that moved below `service.spec` in chart 40. */
const movedIntoSpec = [
  'type',
  'externalIPs',
  'loadBalancerSourceRanges',
  'loadBalancerClass',
  'ipFamilyPolicy',
  'ipFamilies',
]

export const serviceSpec: Rule = {
  id: 'trf-service-spec',
  severity: 'error',
  title: 'a field of the Service that the chart no longer reads there',
  why: 'chart 40 takes the fields of the Service from service.spec only, and ignores the old places',
  fix: 'move it below service.spec',
  versions: '1.33.13 / 1.34.9 / 1.35.6 / 1.36.2 and later',
  looksAt: ['manifests', 'live'],
  sources,
  check(subject) {
    const traefik = packagedTraefik(subject)
    if (traefik === undefined || traefik.chartMajor < 40) return []
    return traefikValues(subject).flatMap(({ value, from }) =>
      movedIntoSpec.flatMap((key): Finding[] => {
        const written = valueAt(value, ['service', key])
        if (written === undefined || written === null) return []
        return [
          {
            at: from.place(['service', key]),
            what: `${traefik.title} does not read service.${key}`,
            fix: `write service.spec.${key}`,
          },
        ]
      }),
    )
  },
}

export const certResolvers: Rule = {
  id: 'trf-certresolvers',
  severity: 'error',
  title: 'certificate resolvers under the name of another chart',
  why: 'the chart ignores the value, and routers that name a resolver have no certificate',
  fix: 'write certResolvers up to chart 32, and certificatesResolvers from chart 33 on',
  versions: 'by the chart of the release',
  looksAt: ['manifests', 'live'],
  sources,
  check(subject) {
    const traefik = packagedTraefik(subject)
    if (traefik === undefined || traefik.chartMajor < 9) return []
    return traefikValues(subject).flatMap(({ value, from }) =>
      foreignResolvers(traefik.chartMajor).flatMap(({ key, fix, fails }): Finding[] => {
        if (value[key] === undefined || value[key] === null) return []
        const finding = { at: from.place([key]), what: `${traefik.title} does not take ${key}`, fix }
        return [fails ? { ...finding, why: 'its templates fail, and the chart is not upgraded' } : finding]
      }),
    )
  },
}

function foreignResolvers(
  chartMajor: number,
): readonly { readonly key: string; readonly fix: string; readonly fails: boolean }[] {
  if (chartMajor < 12) {
    const fix = 'write the resolver into additionalArguments'
    return ['certResolvers', 'certificatesResolvers'].map((key) => ({ key, fix, fails: false }))
  }
  if (chartMajor < 33) return [{ key: 'certificatesResolvers', fix: 'write certResolvers', fails: false }]
  return [{ key: 'certResolvers', fix: 'write certificatesResolvers', fails: chartMajor <= 38 }]
}

export const globalArguments: Rule = {
  id: 'trf-globalargs',
  severity: 'warning',
  title: 'version check and usage data switched in the way of another chart',
  why: 'the chart ignores the value',
  fix: 'write globalArguments up to chart 35, and global.checkNewVersion and global.sendAnonymousUsage from chart 36 on',
  versions: 'by the chart of the release',
  looksAt: ['manifests', 'live'],
  sources,
  check(subject) {
    const traefik = packagedTraefik(subject)
    if (traefik === undefined || traefik.chartMajor < 9) return []
    const old =
      traefik.chartMajor >= 36
        ? [['globalArguments']]
        : [
            ['global', 'checkNewVersion'],
            ['global', 'sendAnonymousUsage'],
          ]
    return traefikValues(subject).flatMap(({ value, from }) =>
      old.flatMap((path): Finding[] => {
        const written = valueAt(value, path)
        if (written === undefined || written === null) return []
        return [{ at: from.place(path), what: `${traefik.title} does not read ${path.join('.')}` }]
      }),
    )
  },
}

import { isRecord } from '../../domain/plain-json.ts'
import type { DesiredState, DocumentPath } from '../../schema/documents.ts'
import { lineOfSecretValue } from '../../text/secret-values.ts'
import { toYaml } from '../../text/yaml-print.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { type ChartSubject, chartsOf } from './chart-overrides.ts'

export const valuesHoldSecret: Rule = {
  id: 'chart-values-plain-secret',
  severity: 'warning',
  title: 'values of a chart that seem to hold a secret',
  why: 'everyone who can read the repository, or its history, can read it, and so can who reads HelmCharts in the cluster',
  fix: 'take it out, change the secret itself, and give it to the chart in a Secret: valuesFrom, or what the chart has for it',
  versions: 'every version',
  looksAt: ['manifests'],
  sources: ['k3s-io/docs docs/add-ons/helm.md'],
  check(subject) {
    // On a machine or in a capture nobody can read it who could not before.
    if (subject.scope !== 'repository') return []
    return [...writtenCharts(subject), ...cniCharts(subject.desired)].flatMap(({ title, values, place }) =>
      secretsIn(values, []).map((path): Finding => {
        const name = path.length === 0 ? '' : `, at ${path.join('.')}`
        // Without its line, which may be the secret.
        return { at: { place: place(path).place }, what: `there seems to be a secret in ${title}${name}` }
      }),
    )
  },
}

interface WrittenValues {
  /** For people: `values of HelmChart grafana`. */
  readonly title: string
  readonly values: Readonly<Record<string, unknown>>
  readonly place: (path: DocumentPath) => Finding['at']
}

function writtenCharts(subject: LintSubject): WrittenValues[] {
  return chartsOf(subject)
    .filter(({ origin }) => origin !== 'live' && origin !== 'rendered')
    .flatMap((chart) => chart.values.flatMap((from) => valuesOf(chart, from)))
}

function valuesOf({ kind, name }: ChartSubject, { field, reading, place }: ChartSubject['values'][number]) {
  if (reading.kind !== 'map') return []
  return [{ title: `${field} of ${kind} ${name}`, values: reading.value, place }]
}

function cniCharts(desired: DesiredState | undefined): WrittenValues[] {
  if (desired === undefined) return []
  const { chart, secondary } = desired.cluster.spec.cni
  const written = [
    { base: ['chart'], values: chart?.values },
    { base: ['secondary', 'multus'], values: secondary.multus?.values },
  ]
  return written.flatMap(({ base, values }) => {
    if (values === undefined) return []
    const path = ['spec', 'cni', ...base, 'values']
    const place: WrittenValues['place'] = (below) => desired.places.clusterPlace([...path, ...below])
    return [{ title: `values of ${path.slice(0, -1).join('.')}`, values, place }]
  })
}

/** The innermost places whose text seems to hold a secret, by the same test that an import leaves texts out by. */
function secretsIn(value: unknown, path: DocumentPath): DocumentPath[] {
  const key = path.at(-1)
  const inContext = typeof key === 'string' ? { [key]: value } : value
  if (typeof inContext !== 'object' && typeof inContext !== 'string') return []
  if (lineOfSecretValue(toYaml(inContext)) === undefined) return []
  const below = Array.isArray(value)
    ? value.flatMap((item, index) => secretsIn(item, [...path, index]))
    : Object.entries(isRecord(value) ? value : {}).flatMap(([name, inner]) => secretsIn(inner, [...path, name]))
  // A name beside its value, or an option before it, is seen from above only.
  return below.length > 0 ? below : [path]
}

import type { LocatedLine } from '../../domain/problem.ts'
import type { DesiredState, DocumentPath } from '../../schema/documents.ts'
import { readValuesText, type YamlMapReading } from '../../text/yaml-map-read.ts'
import type { LintSubject, ObjectSubject } from '../subject.ts'

/** A HelmChart or HelmChartConfig, from the documents or from wherever an object stands. */
export interface ChartSubject {
  readonly kind: 'HelmChart' | 'HelmChartConfig'
  readonly namespace: string
  readonly name: string
  /** `component` is spec.components.traefik, `documents` an entry of spec.helmChartConfigs. */
  readonly origin: ObjectSubject['origin'] | 'component' | 'documents'
  readonly at: LocatedLine
  readonly spec: Readonly<Record<string, unknown>>
  readonly values: readonly ChartValues[]
  /** Where a field of `spec` is written: `['failurePolicy']`. */
  readonly place: (path: DocumentPath) => LocatedLine
  readonly placeOfName: (field: 'name' | 'namespace') => LocatedLine
}

/** Values of one chart from one place: `valuesContent`, `values`, or a field of the documents. */
export interface ChartValues {
  readonly field: string
  readonly reading: YamlMapReading | { readonly kind: 'no-text' }
  /** Where the value at a path stands, as near as that is known. */
  readonly place: (path: DocumentPath) => LocatedLine
}

/**
 * Every HelmChart and HelmChartConfig of the subject. What Fairlead renders is looked at in the documents that ask for
 * it, where every value has a place of its own.
 */
export function chartsOf(subject: LintSubject): readonly ChartSubject[] {
  const known = charts.get(subject)
  if (known !== undefined) return known
  const { desired, objects } = subject
  const found = [
    ...(desired === undefined ? [] : documentCharts(desired)),
    ...objects
      .filter(({ origin }) => desired === undefined || origin !== 'rendered')
      .flatMap((object) => chartOfObject(object) ?? []),
  ]
  charts.set(subject, found)
  return found
}

/** A subject is looked at by many rules, and its texts are read once. */
const charts = new WeakMap<LintSubject, readonly ChartSubject[]>()

/** The values that can be read, of every place that sets some for this chart. */
export function valuesOf(
  chart: ChartSubject,
): readonly { value: Readonly<Record<string, unknown>>; from: ChartValues }[] {
  return chart.values.flatMap((from) => (from.reading.kind === 'map' ? [{ value: from.reading.value, from }] : []))
}

function documentCharts({ cluster, places }: DesiredState): ChartSubject[] {
  const { components, helmChartConfigs } = cluster.spec
  const override = (
    origin: 'component' | 'documents',
    base: DocumentPath,
    { name, namespace }: { readonly name: string; readonly namespace: string },
    written: WrittenOverride,
  ): ChartSubject => ({
    kind: 'HelmChartConfig',
    name,
    namespace,
    origin,
    at: places.clusterPlace(base),
    spec: { failurePolicy: written.failurePolicy ?? 'abort', valuesSecrets: written.valuesFrom ?? [] },
    values: [
      ...(written.values === undefined
        ? []
        : [mappedValues(written.values, (path) => places.clusterPlace([...base, 'values', ...path]))]),
      ...(written.valuesContent === undefined
        ? []
        : [textValues(written.valuesContent, places.clusterPlace([...base, 'valuesContent']))]),
    ],
    place: ([first, ...rest]) =>
      places.clusterPlace([...base, ...(first === 'valuesSecrets' ? ['valuesFrom'] : [first ?? '']), ...rest]),
    placeOfName: (field) => places.clusterPlace([...base, field]),
  })
  return [
    ...(components.traefik.enabled
      ? [override('component', ['spec', 'components', 'traefik'], packagedTraefik, components.traefik)]
      : []),
    ...helmChartConfigs.map((written, index) =>
      override('documents', ['spec', 'helmChartConfigs', index], written, written),
    ),
  ]
}

const packagedTraefik = { name: 'traefik', namespace: 'kube-system' } as const

interface WrittenOverride {
  readonly values?: Readonly<Record<string, unknown>> | undefined
  readonly valuesContent?: string | undefined
  readonly valuesFrom?: readonly unknown[] | undefined
  readonly failurePolicy?: string | undefined
}

function chartOfObject(subject: ObjectSubject): ChartSubject | undefined {
  const { object, at, origin } = subject
  const { kind } = object
  if (!String(object.apiVersion).startsWith('helm.cattle.io/')) return undefined
  if (kind !== 'HelmChart' && kind !== 'HelmChartConfig') return undefined
  const spec = asRecord(object['spec'])
  const place = (path: DocumentPath): LocatedLine => subject.place(['spec', ...path])
  const { valuesContent, values } = spec
  const isWritten = (value: unknown): boolean => value !== undefined && value !== null
  return {
    kind,
    name: String(object.metadata.name),
    namespace: object.metadata.namespace ?? 'default',
    origin,
    at,
    spec,
    values: [
      ...(isWritten(valuesContent) ? [textValues(valuesContent, place(['valuesContent']))] : []),
      ...(isWritten(values) ? [mappedValues(values, (path) => place(['values', ...path]))] : []),
    ],
    place,
    placeOfName: (field) => subject.place(['metadata', field]),
  }
}

function mappedValues(values: unknown, place: ChartValues['place']): ChartValues {
  const reading = isRecord(values) ? { kind: 'map' as const, value: values, furtherDocuments: 0 } : noText
  return { field: 'values', reading, place }
}

const noText = { kind: 'no-text' } as const

function textValues(text: unknown, at: LocatedLine): ChartValues {
  return {
    field: 'valuesContent',
    reading: typeof text === 'string' ? readValuesText(text) : noText,
    place: () => at,
  }
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {}
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isPackagedTraefik({ name, namespace }: ChartSubject): boolean {
  return name === packagedTraefik.name && namespace === packagedTraefik.namespace
}
